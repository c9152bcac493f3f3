package io.gymbridge.transport.memory;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/**
 * A socket on which each side sends a byte when it has written something. One thread rings, one
 * sleeps; any may wake or close.
 */
final class Bell implements Closeable {
  private final SocketChannel socket;
  private final Selector selector;
  private final ByteBuffer sent = ByteBuffer.allocateDirect(1);
  private final ByteBuffer received = ByteBuffer.allocateDirect(256);

  /**
   * Takes both over.
   *
   * @param socket connected, and registered with the selector
   */
  Bell(SocketChannel socket, Selector selector) {
    this.socket = socket;
    this.selector = selector;
  }

  /** Has a selector wait for what comes on a socket. */
  static void register(SocketChannel socket, Selector selector) throws IOException {
    try {
      socket.configureBlocking(false);
      socket.register(selector, SelectionKey.OP_READ);
    } catch (ClosedSelectorException e) {
      throw new ClosedChannelException();
    }
  }

  /** Has another selector wait for what comes as well. */
  void register(Selector other) throws IOException {
    if (socket.keyFor(other) == null) {
      register(socket, other);
    }
  }

  /** Sends a byte; none where the other side has not read so many of them yet. */
  void ring() throws IOException {
    socket.write(sent.clear());
  }

  /**
   * Reads all bytes that have come.
   *
   * @throws IOException where the other side has closed the bell
   */
  void hush() throws IOException {
    int count;
    do {
      count = socket.read(received.clear());
    } while (count == received.capacity());
    if (count < 0) {
      throw new IOException("the other side has closed it");
    }
  }

  /** Waits until a byte has come that was not read yet, or for {@link #wake}. */
  void sleep(long nanos) throws IOException {
    sleep(selector, nanos);
  }

  static void sleep(Selector selector, long nanos) throws IOException {
    try {
      selector.select(Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos)));
      selector.selectedKeys().clear();
    } catch (ClosedSelectorException e) {
      throw new ClosedChannelException();
    }
  }

  /** Ends the sleep under way, or the next one. */
  void wake() {
    selector.wakeup();
  }

  @Override
  public void close() throws IOException {
    try (socket) {
      selector.close();
    }
  }
}
