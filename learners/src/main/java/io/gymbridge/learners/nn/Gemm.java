package io.gymbridge.learners.nn;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas.CblasTrans;
import static org.bytedeco.openblas.global.openblas.cblas_sgemm;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;

/**
 * Matrix products of slices of Java arrays, by the OpenBLAS that ND4J itself computes with.
 *
 * <p>{@code Nd4j.gemm} checks and dispatches for 20 µs before it comes to the product, which for 64
 * × 64 matrices is twice as long as the product takes; this copies the operands into native memory
 * and back, which takes less than 1 µs. Not thread-safe.
 */
final class Gemm {
  static {
    // ND4J loads the library on its own; a learner that never touches an INDArray has to.
    Loader.load(openblas.class);
  }

  private final Operand a = new Operand();
  private final Operand b = new Operand();
  private final Operand c = new Operand();

  /** Native memory for one matrix, which grows as needed. */
  private static final class Operand {
    private FloatPointer pointer = new FloatPointer();
    private FloatBuffer buffer = FloatBuffer.allocate(0);

    FloatPointer reserve(int size) {
      if (buffer.capacity() < size) {
        pointer.close();
        pointer = new FloatPointer((long) size);
        buffer = pointer.asBuffer();
      }
      return pointer;
    }

    FloatPointer load(float[] array, int offset, int size) {
      reserve(size);
      buffer.put(0, array, offset, size);
      return pointer;
    }

    void store(float[] array, int offset, int size) {
      buffer.get(0, array, offset, size);
    }
  }

  /**
   * C = op(A) · op(B) + beta · C, with op(A) m × k, op(B) k × n and C m × n, each row-major and
   * without gaps, beginning at its offset.
   *
   * @param transposeA whether A is stored as k × m and transposed for the product
   * @param transposeB whether B is stored as n × k
   * @param beta 0 or 1
   */
  void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float[] arrayA,
      int offsetA,
      float[] arrayB,
      int offsetB,
      float beta,
      float[] arrayC,
      int offsetC) {
    FloatPointer left = a.load(arrayA, offsetA, m * k);
    FloatPointer right = b.load(arrayB, offsetB, k * n);
    FloatPointer product = beta == 0 ? c.reserve(m * n) : c.load(arrayC, offsetC, m * n);
    cblas_sgemm(
        CblasRowMajor,
        transposeA ? CblasTrans : CblasNoTrans,
        transposeB ? CblasTrans : CblasNoTrans,
        m,
        n,
        k,
        1,
        left,
        transposeA ? m : k,
        right,
        transposeB ? k : n,
        beta,
        product,
        n);
    c.store(arrayC, offsetC, m * n);
  }
}
