package io.gymbridge.client;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A part of what there is one of per lane, as bytes on the wire. */
final class Columns {
  private Columns() {}

  /** int64, little-endian. */
  static ByteString longs(long[] values, int first, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(count * 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values, first, count);
    return ByteString.copyFrom(bytes);
  }

  /** uint8, 0 or 1. */
  static ByteString flags(boolean[] values, int first, int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (values[first + i] ? 1 : 0);
    }
    return ByteString.copyFrom(bytes);
  }
}
