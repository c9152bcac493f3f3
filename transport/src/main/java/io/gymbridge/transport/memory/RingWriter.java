package io.gymbridge.transport.memory;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/** Writes messages into a ring; one thread at a time. */
final class RingWriter {
  /** In place of a length: the ring goes on at its start. */
  static final long WRAP = -1;

  private final ByteBuffer header;
  private final int writtenAt;
  private final int readAt;
  private final int looksAt;
  private final ByteBuffer ring;
  private final int size;
  private long written;

  RingWriter(ByteBuffer header, int writtenAt, int readAt, int looksAt, ByteBuffer ring) {
    this.header = header;
    this.writtenAt = writtenAt;
    this.readAt = readAt;
    this.looksAt = looksAt;
    this.ring = ring;
    this.size = ring.capacity();
  }

  /**
   * Writes a message for the other side to read.
   *
   * @return false where there is no room for it
   * @throws IOException where the other side's position cannot be
   */
  boolean write(MessageLite message) throws IOException {
    int length = message.getSerializedSize();
    long needed = Positions.record(length);
    long free = size - Positions.between(Positions.get(header, readAt), written, size);
    int at = (int) (written % size);
    int rest = size - at;
    if (needed > (needed > rest ? free - rest : free)) {
      return false;
    }
    if (needed > rest) {
      ring.putLong(at, WRAP);
      written += rest;
      at = 0;
    }
    // The last eight bytes are the padding's at least in part; what the message has, comes after.
    ring.putLong(at + (int) needed - 8, 0);
    ring.putLong(at, length);
    CodedOutputStream output = CodedOutputStream.newInstance(ring.slice(at + 8, length));
    message.writeTo(output);
    output.flush();
    written += needed;
    Positions.set(header, writtenAt, written);
    return true;
  }

  /** Whether the reader may be asleep, and not see what was written. */
  boolean wantsBell() {
    VarHandle.fullFence();
    return Positions.get(header, looksAt) == 0;
  }
}
