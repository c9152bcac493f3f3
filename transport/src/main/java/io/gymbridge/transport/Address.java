package io.gymbridge.transport;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Where a server listens: {@code unix:PATH} or {@code HOST:PORT}. Its text is what {@link #parse}
 * takes.
 */
public sealed interface Address {

  /** Longest path of a Unix socket on every system, in bytes. */
  int MAX_UNIX_PATH = 103;

  /** A Unix socket's absolute path. */
  record Unix(Path path) implements Address {
    public Unix {
      path = path.toAbsolutePath().normalize();
      if (path.toString().getBytes(StandardCharsets.UTF_8).length > MAX_UNIX_PATH) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "the Unix socket's path %s is longer than the %d bytes that systems allow: choose a"
                    .formatted(path, MAX_UNIX_PATH)
                + " shorter one, e.g. in /tmp");
      }
    }

    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  /**
   * A host and a port.
   *
   * @param host a name or a number; an IPv6 number without brackets
   * @param port 0 to 65535; 0 lets a server choose
   */
  record Tcp(String host, int port) implements Address {
    @Override
    public String toString() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /**
   * The address that a text names.
   *
   * @throws GymException INVALID_ARGUMENT, saying what an address looks like
   */
  static Address parse(String text) {
    if (text.startsWith("unix:")) {
      String path = text.substring("unix:".length());
      path = path.startsWith("//") ? path.substring(2) : path;
      if (path.isEmpty()) {
        throw malformed(text, "the path is missing");
      }
      return new Unix(Path.of(path));
    }
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw malformed(text, colon < 0 ? "the port is missing" : "the host is missing");
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.contains(":") || host.contains("/")) {
      throw malformed(text, "the host cannot hold ':' or '/'");
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      if (port >= 0 && port <= 65535) {
        return new Tcp(host, port);
      }
      throw malformed(text, "the port is not within 0 … 65535");
    } catch (NumberFormatException e) {
      throw malformed(text, "the port is not a number");
    }
  }

  /**
   * Where a shard is, that a server at this address gave as {@code shard}: an address, {@code
   * :port} on the same host, or empty for this very address.
   *
   * @throws GymException INVALID_ARGUMENT where it makes no sense seen from here
   */
  default Address resolve(String shard) {
    if (shard.isEmpty()) {
      return this;
    }
    if (!shard.startsWith(":")) {
      return parse(shard);
    }
    if (this instanceof Tcp tcp) {
      return parse(new Tcp(tcp.host(), 0).toString().replaceFirst(":0$", "") + shard);
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        "the server at %s names the port %s, but a Unix socket has no host".formatted(this, shard));
  }

  /** Whether only this machine reaches it: a Unix socket, or a loopback host by name or number. */
  default boolean isLocal() {
    if (this instanceof Tcp tcp) {
      try {
        return InetAddress.getByName(tcp.host()).isLoopbackAddress();
      } catch (UnknownHostException e) {
        return false;
      }
    }
    return true;
  }

  private static GymException malformed(String text, String why) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "\"%s\" is not an address (%s): expected unix:PATH or HOST:PORT, e.g.".formatted(text, why)
            + " unix:/tmp/gymbridge.sock or localhost:50051");
  }
}
