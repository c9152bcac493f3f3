package io.gymbridge.client;

import java.nio.ByteBuffer;

/** Memory for what one step has, used again for the next one's. One thread at a time. */
final class Arena {
  private ByteBuffer memory = ByteBuffer.allocateDirect(0);

  /** All that was taken may be written over. */
  void clear() {
    memory.clear();
  }

  /** Room for so many bytes, which hold anything. */
  ByteBuffer take(int bytes) {
    if (memory.remaining() < bytes) {
      // What was taken of the one before stays as it is.
      memory = ByteBuffer.allocateDirect(Math.addExact(memory.capacity(), bytes));
    }
    ByteBuffer taken = memory.slice(memory.position(), bytes);
    memory.position(memory.position() + bytes);
    return taken;
  }
}
