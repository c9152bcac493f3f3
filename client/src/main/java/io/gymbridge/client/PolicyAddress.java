package io.gymbridge.client;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Address;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a policy is served, and which: {@code ADDRESS} or {@code ADDRESS/NAME}.
 *
 * <p>In {@code localhost:50051/walker} the name begins after the first slash. A Unix socket's path
 * has slashes of its own: there the socket is the longest beginning of the path that exists and is
 * no directory; where none does, it ends at the first {@code .sock/}; where there is none of that
 * either, all of it is the socket.
 *
 * @param address of the server
 * @param name of the policy; empty for the only one
 */
record PolicyAddress(Address address, String name) {
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
          ? new PolicyAddress(Address.parse(text), "")
          : split(text, slash, text.substring(slash + 1));
    }
    Path whole = Path.of(text.substring(UNIX.length()).replaceFirst("^//", ""));
    for (@Nullable Path socket = whole; socket != null; socket = socket.getParent()) {
      if (Files.exists(socket) && !Files.isDirectory(socket)) {
        return new PolicyAddress(
            new Address.Unix(socket),
            socket.equals(whole) ? "" : socket.relativize(whole).toString());
      }
    }
    int suffix = text.indexOf(SUFFIX);
    return suffix < 0
        ? new PolicyAddress(Address.parse(text), "")
        : split(text, suffix + SUFFIX.length() - 1, text.substring(suffix + SUFFIX.length()));
  }

  private static PolicyAddress split(String text, int slash, String name) {
    if (name.isEmpty()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "\"" + text + "\" ends with a slash: a policy's name should follow");
    }
    return new PolicyAddress(Address.parse(text.substring(0, slash)), name);
  }
}
