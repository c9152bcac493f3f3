package io.gymbridge.transport;

import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.Arrays;
import java.util.List;

/** Shapes from the wire, checked before anything of their size is allocated. */
final class Shapes {
  /** Largest array that is taken from the wire, in bytes. */
  static final long MAX_BYTES = 1L << 30;

  private Shapes() {}

  static int[] decode(List<Long> shape, DType dtype, String what) {
    int[] dimensions = new int[shape.size()];
    long bytes = dtype.bytes();
    for (int i = 0; i < dimensions.length; i++) {
      long dimension = shape.get(i);
      if (dimension < 0 || dimension > Integer.MAX_VALUE) {
        throw invalid(what + ": dimension " + i + " is " + dimension);
      }
      dimensions[i] = (int) dimension;
      bytes *= dimension;
      if (bytes > MAX_BYTES) {
        throw invalid(
            "%s: an array of %s%s is above the limit of %d bytes"
                .formatted(what, dtype.numpyName(), shape, MAX_BYTES));
      }
    }
    return dimensions;
  }

  static List<Long> encode(int[] shape) {
    return Arrays.stream(shape).asLongStream().boxed().toList();
  }

  static int size(int[] shape) {
    int size = 1;
    for (int dimension : shape) {
      size = Math.multiplyExact(size, dimension);
    }
    return size;
  }

  /** The shape of a batch of N. */
  static int[] batch(int n, int[] shape) {
    int[] batch = new int[shape.length + 1];
    batch[0] = n;
    System.arraycopy(shape, 0, batch, 1, shape.length);
    return batch;
  }

  static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }
}
