package io.gymbridge.core;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What the spaces of plain arrays share. */
final class Leaves {
  private Leaves() {}

  /** Why a value is not an array of this type and shape; null if it is. */
  static @Nullable String whyNotLike(Value value, DType dtype, int[] shape, Space space) {
    if (!(value instanceof NdArray array)) {
      return "got a composite value, expected one of " + space;
    }
    if (array.dtype() != dtype || !Arrays.equals(array.shape(), shape)) {
      return "got %s, expected %s of %s"
          .formatted(describe(array.dtype(), array.shape()), describe(dtype, shape), space);
    }
    return null;
  }

  static String describe(DType dtype, int[] shape) {
    return dtype.numpyName() + Arrays.toString(shape);
  }

  static int[] batchShape(int n, int[] shape) {
    int[] batch = new int[shape.length + 1];
    batch[0] = n;
    System.arraycopy(shape, 0, batch, 1, shape.length);
    return batch;
  }
}
