package io.gymbridge.transport.memory;

import com.google.protobuf.ByteString;
import io.gymbridge.proto.v1.SharedMemory;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Shared memory that a client may take: a file and a bell. One thread at a time looks for it, and
 * sleeps; any may wake it and close the offer.
 */
public final class MemoryOffer implements Closeable {
  private static final long MIN_RING_BYTES = 1 << 16;
  private static final long MAX_RING_BYTES = 1 << 26;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Names names;
  private final byte[] nonce = new byte[Segment.NONCE_BYTES];
  private final SharedMemory described;
  private final Segment segment;
  private final ServerSocketChannel listening;
  private final Selector selector;
  private final ByteBuffer said = ByteBuffer.allocate(Segment.NONCE_BYTES);
  private final long until = System.nanoTime() + PATIENCE_NANOS;
  private @Nullable SocketChannel caller;

  /**
   * Makes the file and the bell.
   *
   * @param epoch the stream's
   * @param requestBytes what the largest usual request takes, about
   * @param responseBytes the same of responses
   * @throws IOException where that is not possible here
   */
  public MemoryOffer(long epoch, long requestBytes, long responseBytes) throws IOException {
    RANDOM.nextBytes(nonce);
    int requests = ringBytes(requestBytes);
    int responses = ringBytes(responseBytes);
    names = Names.make();
    try {
      Path memory = names.directory().resolve("memory");
      Path bell = names.directory().resolve("bell");
      segment = Segment.create(memory, nonce, epoch, requests, responses);
      listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        listening.configureBlocking(false);
        listening.bind(UnixDomainSocketAddress.of(bell));
        selector = Selector.open();
        listening.register(selector, SelectionKey.OP_ACCEPT);
      } catch (IOException | RuntimeException e) {
        listening.close();
        throw e;
      }
      described =
          SharedMemory.newBuilder()
              .setMemory(memory.toString())
              .setBell(bell.toString())
              .setNonce(ByteString.copyFrom(nonce))
              .setRequestBytes(requests)
              .setResponseBytes(responses)
              .build();
    } catch (IOException | RuntimeException e) {
      names.remove();
      throw new IOException(e);
    }
  }

  /** Two usual messages find room wherever the ring stands. */
  private static int ringBytes(long messageBytes) {
    long wanted = Math.min(MAX_RING_BYTES, Math.max(MIN_RING_BYTES, 3 * messageBytes));
    return (int) (wanted + 7 & ~7L);
  }

  /** What the client is to be told. */
  public SharedMemory described() {
    return described;
  }

  /** The server's end, once a client has rung; null until then. */
  public synchronized @Nullable MemoryLink accept() throws IOException {
    SocketChannel ringing = caller == null ? listening.accept() : caller;
    if (ringing == null) {
      return null;
    }
    if (caller == null) {
      caller = ringing;
      said.clear();
      Bell.register(ringing, selector);
    }
    int count = ringing.read(said);
    if (said.hasRemaining() && count >= 0) {
      return null;
    }
    if (!Arrays.equals(said.array(), nonce) || count < 0) {
      ringing.close();
      caller = null;
      return null;
    }
    names.remove();
    listening.close();
    return new MemoryLink(
        segment.writeResponses(), segment.readRequests(), new Bell(ringing, selector));
  }

  /** Whether the client has had its time; look once more with {@link #accept} before closing. */
  public boolean isOver() {
    return System.nanoTime() - until >= 0;
  }

  /** Waits until somebody may have rung, for {@link #wake}, or until the offer is over. */
  public void sleep() throws IOException {
    Bell.sleep(selector, Math.max(0, until - System.nanoTime()));
  }

  /** Ends the sleep under way, or the next one. */
  public void wake() {
    selector.wakeup();
  }

  /** Withdraws the offer; to be called unless it was accepted. */
  @Override
  public synchronized void close() {
    names.remove();
    try (selector;
        listening) {
      SocketChannel open = caller;
      if (open != null) {
        open.close();
      }
    } catch (IOException e) {
      // Nobody hears it.
    }
  }
}
