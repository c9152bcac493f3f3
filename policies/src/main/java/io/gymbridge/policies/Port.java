package io.gymbridge.policies;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An input or output of a graph: its name, its elements' type, and its shape, in which N stands at
 * one axis, or nowhere.
 */
final class Port {
  /** The axis of a shape without N. */
  static final int SHARED = -1;

  private final String name;
  private final DType dtype;
  private final int[] row;
  private final int axis;
  private final int outer;
  private final int inner;

  /**
   * A port.
   *
   * @param row the shape without N
   * @param axis where N is, or {@link #SHARED}
   */
  Port(String name, DType dtype, int[] row, int axis) {
    this.name = name;
    this.dtype = dtype;
    this.row = row.clone();
    this.axis = axis;
    this.outer = product(row, 0, Math.max(axis, 0));
    this.inner = product(row, Math.max(axis, 0), row.length);
  }

  private static int product(int[] numbers, int from, int to) {
    return Arrays.stream(numbers, from, to).reduce(1, Math::multiplyExact);
  }

  String name() {
    return name;
  }

  DType dtype() {
    return dtype;
  }

  /** The shape without N. */
  int[] row() {
    return row.clone();
  }

  boolean shared() {
    return axis == SHARED;
  }

  /** How many blocks of neighbouring elements a row has: 1 unless something stands before N. */
  int outer() {
    return outer;
  }

  /** How many elements such a block has. */
  int inner() {
    return inner;
  }

  /** Elements of one row. */
  int size() {
    return Math.multiplyExact(outer, inner);
  }

  /** Direct memory for so many rows. */
  ByteBuffer allocate(int rows) {
    int bytes = Math.multiplyExact(Math.multiplyExact(rows, size()), dtype.bytes());
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A tensor over memory, from a row on and for so many rows; to be closed. */
  OnnxTensor tensor(ByteBuffer memory, int first, int rows) throws OrtException {
    int rowBytes = size() * dtype.bytes();
    ByteBuffer part = memory.slice(first * rowBytes, shared() ? rowBytes : rows * rowBytes);
    return OnnxTensor.createTensor(
        OnnxRuntime.environment(), part.order(ByteOrder.nativeOrder()), shape(rows), type(dtype));
  }

  /** The shape for N rows. */
  long[] shape(int rows) {
    long[] shape = new long[shared() ? row.length : row.length + 1];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = shared() || i < axis ? row[i] : i == axis ? rows : row[i - 1];
    }
    return shape;
  }

  static OnnxJavaType type(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> OnnxJavaType.FLOAT;
      case FLOAT64 -> OnnxJavaType.DOUBLE;
      case FLOAT16 -> OnnxJavaType.FLOAT16;
      case BOOL -> OnnxJavaType.BOOL;
      case INT8 -> OnnxJavaType.INT8;
      case UINT8 -> OnnxJavaType.UINT8;
      case INT16 -> OnnxJavaType.INT16;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case UINT16, UINT32, UINT64 ->
          throw new GymException(
              Kind.INVALID_ARGUMENT,
              "ONNX Runtime for Java has no tensors of " + dtype.numpyName());
    };
  }

  /** The reverse; null for types that no space has. */
  static @Nullable DType dtype(OnnxJavaType type) {
    return switch (type) {
      case FLOAT -> DType.FLOAT32;
      case DOUBLE -> DType.FLOAT64;
      case FLOAT16 -> DType.FLOAT16;
      case BOOL -> DType.BOOL;
      case INT8 -> DType.INT8;
      case UINT8 -> DType.UINT8;
      case INT16 -> DType.INT16;
      case INT32 -> DType.INT32;
      case INT64 -> DType.INT64;
      default -> null;
    };
  }
}
