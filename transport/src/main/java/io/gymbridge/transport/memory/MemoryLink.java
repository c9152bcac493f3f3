package io.gymbridge.transport.memory;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import io.gymbridge.proto.v1.SharedMemory;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One side's end of shared memory. One thread at a time sends, and one receives and sleeps; any
 * thread may wake it, and close the link. Each IOException means that the memory is of no use any
 * more: close it.
 */
public final class MemoryLink implements Closeable {
  private final RingWriter writer;
  private final RingReader reader;
  private final Bell bell;
  private final int maxMessageBytes;

  /** A link that takes any message that a ring can hold. */
  MemoryLink(RingWriter writer, RingReader reader, Bell bell) {
    this(writer, reader, bell, Integer.MAX_VALUE);
  }

  private MemoryLink(RingWriter writer, RingReader reader, Bell bell, int maxMessageBytes) {
    this.writer = writer;
    this.reader = reader;
    this.bell = bell;
    this.maxMessageBytes = maxMessageBytes;
  }

  /**
   * The client's end of what a server offers: maps the file, checks it and rings.
   *
   * @param epoch the stream's
   * @param maxMessageBytes of the messages that {@link #receive} takes: a longer one ends the
   *     memory, and is for the stream to refuse
   * @throws IOException where the file cannot be mapped or is another one, and where nobody listens
   */
  public static MemoryLink take(SharedMemory offer, long epoch, int maxMessageBytes)
      throws IOException {
    byte[] nonce = offer.getNonce().toByteArray();
    if (nonce.length != Segment.NONCE_BYTES) {
      throw new IOException(
          "got a nonce of %d bytes, expected %d".formatted(nonce.length, Segment.NONCE_BYTES));
    }
    Segment segment =
        Segment.open(
            path(offer.getMemory()),
            nonce,
            epoch,
            offer.getRequestBytes(),
            offer.getResponseBytes());
    Bell bell = connect(path(offer.getBell()), nonce);
    return new MemoryLink(segment.writeRequests(), segment.readResponses(), bell, maxMessageBytes);
  }

  private static Path path(String name) throws IOException {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new IOException(e);
    }
  }

  private static Bell connect(Path path, byte[] nonce) throws IOException {
    SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      // It blocks no longer than until the server's system, not the server, has taken note.
      socket.connect(UnixDomainSocketAddress.of(path));
      socket.write(ByteBuffer.wrap(nonce));
      Selector selector = Selector.open();
      Bell.register(socket, selector);
      return new Bell(socket, selector);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw new IOException("cannot ring %s: %s".formatted(path, e.getMessage()), e);
    }
  }

  /**
   * Writes a message and rings, unless the other side looks by itself. So does this one from now
   * on, until it sleeps.
   *
   * @return false where there is no room for it just now
   */
  public boolean send(MessageLite message) throws IOException {
    boolean written;
    try {
      reader.look();
      written = writer.write(message);
      if (written && writer.wantsBell()) {
        bell.ring();
      }
    } catch (InternalError e) {
      throw tooShort(e);
    }
    return written;
  }

  /** What a file that became shorter causes is an error of the virtual machine. */
  private static IOException tooShort(InternalError error) {
    return new IOException("the file became shorter", error);
  }

  /** Whether {@link #receive} may have something. */
  public boolean isReady() {
    try {
      return reader.isReady();
    } catch (InternalError e) {
      return true;
    }
  }

  /** The next message, a copy of what lies in the ring; null where there is none. */
  public <M> @Nullable M receive(Parser<M> parser) throws IOException {
    byte[] copy = copy();
    if (copy == null) {
      return null;
    }
    CodedInputStream input = UnsafeByteOperations.unsafeWrap(copy).newCodedInput();
    input.enableAliasing(true);
    M message = parser.parseFrom(input);
    input.checkLastTagWas(0);
    return message;
  }

  private byte @Nullable [] copy() throws IOException {
    try {
      ByteBuffer record = reader.next();
      if (record == null) {
        return null;
      }
      if (record.remaining() > maxMessageBytes) {
        throw new IOException(
            "got a message of %d bytes, the limit is %d"
                .formatted(record.remaining(), maxMessageBytes));
      }
      byte[] bytes = new byte[record.remaining()];
      record.get(bytes);
      reader.release();
      return bytes;
    } catch (InternalError e) {
      throw tooShort(e);
    }
  }

  /**
   * Waits until the other side has written or closed something, or for {@link #wake}.
   *
   * @param nanos at most
   */
  public void sleep(long nanos) throws IOException {
    hush();
    if (!isReady()) {
      bell.sleep(nanos);
    }
  }

  private void hush() throws IOException {
    bell.hush();
    try {
      reader.rest();
    } catch (InternalError e) {
      throw tooShort(e);
    }
  }

  /**
   * As {@link #sleep} begins, where one thread sleeps for several links at a selector of its own.
   */
  public void hearBell(Selector selector) throws IOException {
    bell.register(selector);
    hush();
  }

  /** Ends the sleep under way, or the next one. */
  public void wake() {
    bell.wake();
  }

  @Override
  public void close() {
    try {
      bell.close();
    } catch (IOException e) {
      // Nobody hears it.
    }
  }
}
