package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.nio.ByteBuffer;

/** One side of a Box's bounds: one element for all components, or one for each. */
final class Bounds {
  private Bounds() {}

  static ByteString encode(NdArray bounds) {
    ByteString all = Columns.bytes(bounds);
    if (bounds.size() < 2) {
      return all;
    }
    int width = bounds.dtype().bytes();
    ByteString first = all.substring(0, width);
    for (int i = 1; i < bounds.size(); i++) {
      if (!all.substring(i * width, (i + 1) * width).equals(first)) {
        return all;
      }
    }
    return first;
  }

  /** Flags of components without a bound; empty where all have one. */
  static ByteString encodeUnbounded(NdArray bounded) {
    long[] unbounded = new long[bounded.size()];
    boolean any = false;
    for (int i = 0; i < unbounded.length; i++) {
      unbounded[i] = 1 - bounded.getLong(i);
      any |= unbounded[i] != 0;
    }
    return any
        ? encode(NdArray.ofLongs(DType.BOOL, unbounded, unbounded.length))
        : ByteString.EMPTY;
  }

  static NdArray decode(ByteString bytes, DType dtype, int[] shape, String side) {
    int size = Shapes.size(shape);
    int width = dtype.bytes();
    if (bytes.size() != width && bytes.size() != (long) size * width) {
      throw Shapes.invalid(
          "Box space: %s has %d bytes, expected %d (one element) or %d (one for each of %d)"
              .formatted(side, bytes.size(), width, (long) size * width, size));
    }
    if (bytes.size() != width || size == 1) {
      return NdArray.wrap(dtype, bytes.asReadOnlyByteBuffer(), shape);
    }
    ByteBuffer all = ByteBuffer.allocate(size * width);
    for (int i = 0; i < size; i++) {
      all.put(bytes.asReadOnlyByteBuffer());
    }
    return NdArray.wrap(dtype, all.flip(), shape);
  }

  /** Whether each component has a bound. */
  static NdArray decodeBounded(ByteString unbounded, int[] shape, String side) {
    NdArray flags =
        unbounded.isEmpty()
            ? NdArray.ofLongs(DType.BOOL, new long[Shapes.size(shape)], shape)
            : decode(unbounded, DType.BOOL, shape, side);
    long[] bounded = flags.toLongs();
    for (int i = 0; i < bounded.length; i++) {
      if (bounded[i] != 0 && bounded[i] != 1) {
        throw Shapes.invalid(
            "Box space: %s has the flag %d, expected 0 or 1".formatted(side, bounded[i]));
      }
      bounded[i] = 1 - bounded[i];
    }
    return NdArray.ofLongs(DType.BOOL, bounded, shape);
  }

  /** Integer bounds with the type's extreme where there is none. */
  static NdArray freed(NdArray bounds, NdArray bounded, long extreme) {
    long[] values = bounds.toLongs();
    for (int i = 0; i < values.length; i++) {
      values[i] = bounded.getLong(i) == 0 ? extreme : values[i];
    }
    return NdArray.ofLongs(bounds.dtype(), values, bounds.shape());
  }
}
