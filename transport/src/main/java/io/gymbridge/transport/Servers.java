package io.gymbridge.transport;

import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyServerBuilder;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The server's end of a connection. Thread-safe. */
public final class Servers {
  // Streams that are opened only to be reset cost the server more than the client.
  private static final int MAX_RESETS = 1000;
  private static final int RESET_SECONDS = 10;

  /** It logs a stack trace for each connection on which something else than HTTP/2 arrives. */
  private static final Logger TRANSPORT_LOG =
      Logger.getLogger("io.grpc.netty.NettyServerTransport");

  static {
    TRANSPORT_LOG.setLevel(Level.WARNING);
  }

  private Servers() {}

  /** Started by the first server, apart from the clients' loop, so that a served policy may ask. */
  private static final class SharedLoops {
    static final EventLoopGroup BOSS = Sockets.eventLoops(1, "gymbridge-accept");
    static final EventLoopGroup WORKERS =
        Sockets.eventLoops(
            Math.max(2, Runtime.getRuntime().availableProcessors()), "gymbridge-server");
  }

  /**
   * Runs something on this thread as soon as it has read what has arrived on its connections, if
   * this thread is one that serves connections.
   *
   * @return false, and nothing will run, on any other thread
   */
  public static boolean afterReading(Runnable work) {
    for (EventExecutor loop : SharedLoops.WORKERS) {
      if (loop.inEventLoop()) {
        loop.execute(work);
        return true;
      }
    }
    return false;
  }

  /**
   * A server to add services to, and then to {@link #start}. Calls run on the event loops' own
   * threads. A Unix socket's file that nobody listens on any more is removed.
   *
   * @param interceptors see each call that security lets through, the last one first
   * @throws GymException PERMISSION_DENIED for an address that other machines can reach, without
   *     TLS or {@code insecure}; INVALID_ARGUMENT for files that do not do for TLS;
   *     FAILED_PRECONDITION where somebody listens on the Unix socket already
   */
  public static NettyServerBuilder builder(
      Address address, ServerSecurity security, List<ServerInterceptor> interceptors) {
    security.check(address);
    if (address instanceof Address.Unix unix) {
      removeStale(unix);
    }
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(Sockets.socketAddress(address))
            .bossEventLoopGroup(SharedLoops.BOSS)
            .workerEventLoopGroup(SharedLoops.WORKERS)
            .channelType(Sockets.serverChannel(address))
            .directExecutor()
            .maxRstFramesPerWindow(MAX_RESETS, RESET_SECONDS)
            .permitKeepAliveTime(5, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .flowControlWindow(8 << 20)
            .maxInboundMessageSize(Channels.DEFAULT_MAX_MESSAGE_BYTES);
    if (address instanceof Address.Unix) {
      builder.withChildOption(ChannelOption.SO_KEEPALIVE, null);
    }
    Path cert = security.tlsCert();
    Path key = security.tlsKey();
    if (cert != null && key != null) {
      builder.sslContext(Tls.server(cert, key, security.tlsClientCa()));
    }
    interceptors.forEach(builder::intercept);
    builder.intercept(new Gzip.Answering());
    // Who is not to see all that a session may say does not get around that by shared memory.
    builder.intercept(security.trustsCallers(address) ? new Callers() : new Discretion());
    if (!security.tokens().isEmpty()) {
      builder.intercept(new TokenCheck(security.tokens()));
    }
    return builder;
  }

  /**
   * Starts a server that was built for {@code address}; a Unix socket is made readable by its owner
   * only.
   *
   * @return where it listens, with the port that was chosen
   * @throws GymException FAILED_PRECONDITION where the port is taken, INVALID_ARGUMENT where the
   *     address cannot be listened on
   */
  public static Address start(Server server, Address address) {
    try {
      server.start();
      if (address instanceof Address.Unix unix) {
        restrict(unix.path());
        return address;
      }
      InetSocketAddress bound = (InetSocketAddress) server.getListenSockets().get(0);
      return new Address.Tcp(((Address.Tcp) address).host(), bound.getPort());
    } catch (IOException e) {
      throw cannotListen(address, e);
    }
  }

  /** Removes the file of a Unix socket on which nobody listens any more. */
  public static void removeSocket(Address address) {
    if (address instanceof Address.Unix unix && !somebodyListens(unix.path())) {
      try {
        Files.deleteIfExists(unix.path());
      } catch (IOException e) {
        // It stays until the next server replaces it.
      }
    }
  }

  private static GymException cannotListen(Address address, IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (String.valueOf(cause.getMessage()).contains("Address already in use")) {
        return new GymException(
            Kind.FAILED_PRECONDITION,
            address
                + " is in use by another process: stop it, or choose another port (0 takes any)",
            null,
            e);
      }
    }
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return new GymException(
        Kind.INVALID_ARGUMENT, "cannot listen on " + address + ": " + cause.getMessage(), null, e);
  }

  private static void restrict(Path socket) throws IOException {
    if (Files.getFileStore(socket.toAbsolutePath().getParent())
        .supportsFileAttributeView("posix")) {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    }
  }

  private static void removeStale(Address.Unix address) {
    Path path = address.path();
    if (!Files.exists(path)) {
      return;
    }
    if (somebodyListens(path)) {
      throw new GymException(
          Kind.FAILED_PRECONDITION,
          address + " is in use by another process: stop it, or choose another path");
    }
    try {
      if (!Files.readAttributes(path, BasicFileAttributes.class).isOther()) {
        throw new GymException(
            Kind.INVALID_ARGUMENT, path + " exists and is not a socket: choose another path");
      }
      Files.delete(path);
    } catch (IOException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "cannot replace " + path + ": " + e.getMessage(), null, e);
    }
  }

  private static boolean somebodyListens(Path path) {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException e) {
      return false;
    }
  }
}
