package io.gymbridge.cli.serving;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A way to a server that breaks after so many bytes of the client's, wherever that is in a message:
 * to the server it is a client that was killed, whose socket the system closes without a word.
 */
final class Severed implements AutoCloseable {
  private final Path socket;
  private final Path server;
  private final ServerSocketChannel listening;
  private final Thread thread = new Thread(this::relay, "severed");
  private long left;

  /**
   * Lets one client through.
   *
   * @param socket where the client connects
   * @param bytes of the client's that reach the server
   */
  Severed(Path socket, Path server, long bytes) throws IOException {
    this.socket = socket;
    this.server = server;
    this.left = bytes;
    listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listening.bind(UnixDomainSocketAddress.of(socket));
    thread.setDaemon(true);
    thread.start();
  }

  String address() {
    return "unix:" + socket;
  }

  private void relay() {
    try (SocketChannel client = listening.accept();
        SocketChannel there = SocketChannel.open(UnixDomainSocketAddress.of(server))) {
      // Whoever comes back to a client that was killed finds nobody.
      listening.close();
      Thread back = new Thread(() -> pump(there, client), "severed-back");
      back.setDaemon(true);
      back.start();
      ByteBuffer buffer = ByteBuffer.allocate(8192);
      while (left > 0 && client.read(buffer.limit((int) Math.min(left, buffer.capacity()))) > 0) {
        left -= buffer.position();
        write(buffer.flip(), there);
        buffer.clear();
      }
    } catch (IOException e) {
      // One of the two has gone, as it may.
    }
  }

  private static void pump(SocketChannel from, SocketChannel to) {
    ByteBuffer buffer = ByteBuffer.allocate(8192);
    try {
      while (from.read(buffer) > 0) {
        write(buffer.flip(), to);
        buffer.clear();
      }
    } catch (IOException e) {
      // It was severed.
    }
  }

  private static void write(ByteBuffer buffer, SocketChannel to) throws IOException {
    while (buffer.hasRemaining()) {
      to.write(buffer);
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    thread.interrupt();
    Files.deleteIfExists(socket);
  }
}
