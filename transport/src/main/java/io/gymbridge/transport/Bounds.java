package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One side of a Box's bounds: one element for all components, or one for each. */
final class Bounds {
  private Bounds() {}

  static ByteString encode(NdArray bounds) {
    ByteString all = SpaceCodec.bytes(bounds);
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

  static NdArray decode(
      ByteString bytes, ByteString unbounded, DType dtype, int[] shape, String side) {
    int size = Shapes.size(shape);
    int width = dtype.bytes();
    if (bytes.size() != width && bytes.size() != (long) size * width) {
      throw Shapes.invalid(
          "Box space: %s has %d bytes, expected %d (one element) or %d (one for each of %d)"
              .formatted(side, bytes.size(), width, (long) size * width, size));
    }
    if (!unbounded.isEmpty() && unbounded.size() != 1 && unbounded.size() != size) {
      throw Shapes.invalid(
          "Box space: unbounded flags of %s have %d bytes, expected 0, 1 or %d"
              .formatted(side, unbounded.size(), size));
    }
    ByteBuffer all = ByteBuffer.allocate(size * width).order(ByteOrder.LITTLE_ENDIAN);
    NdArray extreme = extreme(dtype, side.equals("low"));
    for (int i = 0; i < size; i++) {
      boolean free =
          !dtype.isFloating()
              && !unbounded.isEmpty()
              && unbounded.byteAt(unbounded.size() == 1 ? 0 : i) != 0;
      if (free) {
        all.put(extreme.data());
      } else {
        int from = bytes.size() == width ? 0 : i * width;
        all.put(bytes.substring(from, from + width).asReadOnlyByteBuffer());
      }
    }
    return NdArray.wrap(dtype, all.flip(), shape);
  }

  /** The least or greatest value of an integer type. */
  private static NdArray extreme(DType dtype, boolean least) {
    int bits = dtype.bytes() * 8;
    long value =
        switch (dtype) {
          case BOOL -> least ? 0 : 1;
          case UINT8, UINT16, UINT32, UINT64 -> least ? 0 : -1L >>> (64 - bits);
          default -> least ? -1L << (bits - 1) : ~(-1L << (bits - 1));
        };
    return NdArray.ofLongs(dtype, new long[] {value});
  }
}
