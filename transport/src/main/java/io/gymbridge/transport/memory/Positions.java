package io.gymbridge.transport.memory;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Positions of a ring in the header, which the other side may change at any time. */
final class Positions {
  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private Positions() {}

  /** What the other side wrote last, and all that it wrote before. */
  static long get(ByteBuffer header, int at) {
    return (long) LONG.getAcquire(header, at);
  }

  /** For the other side to see, after all that was written before. */
  static void set(ByteBuffer header, int at, long position) {
    LONG.setRelease(header, at, position);
  }

  /**
   * How much lies between two positions.
   *
   * @throws IOException where that cannot be
   */
  static long between(long read, long written, int ringBytes) throws IOException {
    long between = written - read;
    if (between < 0 || between > ringBytes || between % 8 != 0) {
      throw new IOException(
          "the ring of %d bytes is written up to %d and read up to %d"
              .formatted(ringBytes, written, read));
    }
    return between;
  }

  /** Bytes of a record with a message of so many bytes. */
  static long record(long length) {
    return 8 + (length + 7 & ~7L);
  }
}
