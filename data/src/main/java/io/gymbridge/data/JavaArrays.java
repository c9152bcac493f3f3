package io.gymbridge.data;

import io.gymbridge.core.NdArray;
import java.lang.reflect.Array;

/** Arrays as Java has them, arrays of arrays, which is what the HDF5 writer takes. */
final class JavaArrays {
  private final NdArray from;
  private int next;

  private JavaArrays(NdArray from) {
    this.from = from;
  }

  /** Of at least one dimension; unsigned numbers in the next larger type. */
  static Object of(NdArray array) {
    Object made = Array.newInstance(element(array), array.shape());
    new JavaArrays(array).fill(made);
    return made;
  }

  private static Class<?> element(NdArray array) {
    return switch (array.dtype()) {
      case BOOL, INT8 -> byte.class;
      case UINT8, INT16 -> short.class;
      case UINT16, INT32 -> int.class;
      case UINT32, INT64, UINT64 -> long.class;
      case FLOAT16, FLOAT32 -> float.class;
      case FLOAT64 -> double.class;
    };
  }

  private void fill(Object row) {
    int length = Array.getLength(row);
    for (int i = 0; i < length; i++) {
      if (row instanceof Object[] rows) {
        fill(rows[i]);
      } else {
        set(row, i);
      }
    }
  }

  private void set(Object row, int i) {
    if (row instanceof float[] floats) {
      floats[i] = (float) from.getDouble(next++);
    } else if (row instanceof double[] doubles) {
      doubles[i] = from.getDouble(next++);
    } else if (row instanceof byte[] bytes) {
      bytes[i] = (byte) from.getLong(next++);
    } else if (row instanceof short[] shorts) {
      shorts[i] = (short) from.getLong(next++);
    } else if (row instanceof int[] ints) {
      ints[i] = (int) from.getLong(next++);
    } else {
      ((long[]) row)[i] = from.getLong(next++);
    }
  }
}
