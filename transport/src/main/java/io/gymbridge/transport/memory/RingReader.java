package io.gymbridge.transport.memory;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Reads records from a ring; one thread at a time. */
final class RingReader {
  private final ByteBuffer header;
  private final int writtenAt;
  private final int readAt;
  private final int looksAt;
  private final ByteBuffer ring;
  private final int size;

  /** Up to where records were found; what lies before {@link #found} and after *read* is in use. */
  private long found;

  RingReader(ByteBuffer header, int writtenAt, int readAt, int looksAt, ByteBuffer ring) {
    this.header = header;
    this.writtenAt = writtenAt;
    this.readAt = readAt;
    this.looksAt = looksAt;
    this.ring = ring;
    this.size = ring.capacity();
  }

  /** From now on this side looks by itself, and need not be told. */
  void look() {
    Positions.set(header, looksAt, 1);
  }

  /** From now on the bell has to ring; what was written before is there to be seen. */
  void rest() {
    Positions.set(header, looksAt, 0);
    VarHandle.fullFence();
  }

  /** Whether there is something to look at. */
  boolean isReady() {
    return Positions.get(header, writtenAt) != found;
  }

  /**
   * The next record's message where it lies, until {@link #release}; null where there is none.
   *
   * @throws IOException where a position or a length cannot be
   */
  @Nullable ByteBuffer next() throws IOException {
    long written = Positions.get(header, writtenAt);
    long there = Positions.between(found, written, size);
    if (there == 0) {
      return null;
    }
    int at = (int) (found % size);
    long length = ring.getLong(at);
    if (length == RingWriter.WRAP) {
      int rest = size - at;
      if (rest > there) {
        throw new IOException("a ring goes on at its start, but is written only up to its end");
      }
      found += rest;
      there -= rest;
      at = 0;
      if (there == 0) {
        return null;
      }
      length = ring.getLong(0);
    }
    if (length < 0 || length > size || Positions.record(length) > Math.min(there, size - at)) {
      throw new IOException(
          "a record says that it has %d bytes, and %d are there"
              .formatted(length, Math.min(there, size - at) - 8));
    }
    found += Positions.record(length);
    return ring.slice(at + 8, (int) length);
  }

  /** All that was found may be written over. */
  void release() {
    Positions.set(header, readAt, found);
  }
}
