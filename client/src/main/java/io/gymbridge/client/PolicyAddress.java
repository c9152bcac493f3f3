package io.gymbridge.client;

import io.grpc.ManagedChannel;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a policy is served, and which: {@code ADDRESS} or {@code ADDRESS/NAME}.
 *
 * <p>Several servers of the same policies have commas between them: {@code a:50051,b:50051/walker}.
 *
 * <p>In {@code localhost:50051/walker} the name begins after the first slash. A Unix socket's path
 * has slashes of its own: there the socket is the longest beginning of the path that exists and is
 * no directory; where none does, it ends at the first {@code .sock/}; where there is none of that
 * either, all of it is the socket.
 *
 * @param servers at least one; several only of {@code HOST:PORT}
 * @param name of the policy; empty for the only one
 */
record PolicyAddress(List<Address> servers, String name) {
  /** What may be asked of another server where one did not take it. */
  private static final List<String> REPEATABLE =
      List.of(
          PolicyServiceGrpc.getActMethod().getFullMethodName(),
          PolicyServiceGrpc.getDescribePolicyMethod().getFullMethodName());

  private static final String UNIX = "unix:";
  private static final String SUFFIX = ".sock/";

  /**
   * Takes the two apart.
   *
   * @throws GymException INVALID_ARGUMENT where the address is none
   */
  static PolicyAddress parse(String text) {
    if (!text.startsWith(UNIX)) {
      int slash = text.indexOf('/');
      return slash < 0
          ? new PolicyAddress(several(text), "")
          : split(text, slash, text.substring(slash + 1));
    }
    Path whole = Path.of(text.substring(UNIX.length()).replaceFirst("^//", ""));
    for (@Nullable Path socket = whole; socket != null; socket = socket.getParent()) {
      if (Files.exists(socket) && !Files.isDirectory(socket)) {
        return new PolicyAddress(
            List.of(new Address.Unix(socket)),
            socket.equals(whole) ? "" : socket.relativize(whole).toString());
      }
    }
    int suffix = text.indexOf(SUFFIX);
    return suffix < 0
        ? new PolicyAddress(List.of(Address.parse(text)), "")
        : split(text, suffix + SUFFIX.length() - 1, text.substring(suffix + SUFFIX.length()));
  }

  private static PolicyAddress split(String text, int slash, String name) {
    if (name.isEmpty()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "\"" + text + "\" ends with a slash: a policy's name should follow");
    }
    return new PolicyAddress(several(text.substring(0, slash)), name);
  }

  private static List<Address> several(String text) {
    if (text.startsWith(UNIX)) {
      return List.of(Address.parse(text));
    }
    List<Address> servers = new ArrayList<>();
    for (String server : text.split(",", -1)) {
      Address address = Address.parse(server);
      if (address instanceof Address.Unix) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "\"%s\": of several servers each has to be at HOST:PORT".formatted(text));
      }
      servers.add(address);
    }
    return List.copyOf(servers);
  }

  /** The first server, for messages. */
  Address address() {
    return servers.get(0);
  }

  /**
   * A channel to the server, or to all of them.
   *
   * @param hedgeAfter as {@link Channels#balanced}; of no effect where there is one server
   */
  ManagedChannel open(Credentials credentials, @Nullable Duration hedgeAfter) {
    return servers.size() == 1
        ? Channels.open(address(), credentials)
        : Channels.balanced(
            servers.stream().map(Address.Tcp.class::cast).toList(),
            credentials,
            REPEATABLE,
            hedgeAfter);
  }
}
