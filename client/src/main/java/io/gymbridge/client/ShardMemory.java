package io.gymbridge.client;

import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.SharedMemory;
import io.gymbridge.transport.memory.MemoryLink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The shared memory beside a stream, from when it was taken until something is wrong with it: then
 * the stream goes on alone. The thread that waits for the shard sends, receives and sleeps; any may
 * wake it, and close the memory.
 */
final class ShardMemory {
  private final int maxMessageBytes;
  private final Runnable lost;
  private volatile @Nullable MemoryLink link;
  private volatile String whyNone = "it was not asked for";

  /**
   * None yet.
   *
   * @param maxMessageBytes of a response that comes this way; a longer one is left to the stream
   * @param lost called when what was sent this way may not be answered any more
   */
  ShardMemory(int maxMessageBytes, Runnable lost) {
    this.maxMessageBytes = maxMessageBytes;
    this.lost = lost;
  }

  /**
   * Takes what the server offers.
   *
   * @throws IOException where that is not possible
   */
  void take(SharedMemory offer, long epoch) throws IOException {
    link = MemoryLink.take(offer, epoch, maxMessageBytes);
  }

  /** Gives up the hope of any. */
  void doWithout(String why) {
    whyNone = why;
  }

  /** Sends a request; false where that has to be done otherwise. */
  boolean send(InteractRequest request) {
    MemoryLink open = link;
    if (open == null) {
      return false;
    }
    try {
      return open.send(request);
    } catch (IOException e) {
      closeFor(e);
      return false;
    }
  }

  /** Whether there is any. */
  boolean isOpen() {
    return link != null;
  }

  /** Why there is none, where there is none. */
  String whyNone() {
    return whyNone;
  }

  /**
   * Has a selector hear the bell as well, and forgets how often it rang; nothing where there is no
   * memory.
   */
  void hearBell(Selector selector) {
    MemoryLink open = link;
    if (open != null) {
      try {
        open.hearBell(selector);
      } catch (IOException e) {
        giveUp(e);
      }
    }
  }

  /** Whether {@link #receive} may have something. */
  boolean isReady() {
    MemoryLink open = link;
    return open != null && open.isReady();
  }

  /**
   * The next response that has come; null where there is none.
   *
   * @param memory gives room for it
   */
  @Nullable InteractResponse receive(IntFunction<ByteBuffer> memory) {
    MemoryLink open = link;
    try {
      return open == null ? null : open.receive(InteractResponse.parser(), memory);
    } catch (IOException e) {
      giveUp(e);
      return null;
    }
  }

  /**
   * Waits until something has come, or for {@link #wake}.
   *
   * @return false where there is no memory
   */
  boolean sleep(long nanos) {
    MemoryLink open = link;
    if (open == null) {
      return false;
    }
    try {
      open.sleep(nanos);
    } catch (IOException e) {
      giveUp(e);
    }
    return true;
  }

  /** Ends the sleep under way, or the next one. */
  void wake() {
    MemoryLink open = link;
    if (open != null) {
      open.wake();
    }
  }

  private void giveUp(IOException why) {
    if (link != null) {
      closeFor(why);
      lost.run();
    }
  }

  private void closeFor(IOException why) {
    whyNone = "it came to an end while it was in use: " + why.getMessage();
    close();
  }

  /** Lets go of it. */
  void close() {
    MemoryLink open = link;
    link = null;
    if (open != null) {
      open.close();
    }
  }
}
