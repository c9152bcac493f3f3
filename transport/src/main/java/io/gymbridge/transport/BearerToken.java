package io.gymbridge.transport;

import io.grpc.Metadata;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The secret that a server asks of its clients. No message that is made here shows it. */
public final class BearerToken {
  /** Holds the token where no file is named. */
  public static final String VARIABLE = "GYMBRIDGE_TOKEN";

  static final Metadata.Key<String> HEADER =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private static final int MIN_LENGTH = 16;

  private BearerToken() {}

  /**
   * The token in a file or, without one, in the environment.
   *
   * @return null where there is neither
   * @throws GymException INVALID_ARGUMENT where the file cannot be read or holds no token
   */
  public static @Nullable String read(@Nullable Path file) {
    if (file == null) {
      String token = System.getenv(VARIABLE);
      return token == null || token.isEmpty() ? null : check(token, VARIABLE);
    }
    try {
      return check(Files.readString(file, StandardCharsets.ISO_8859_1).strip(), file.toString());
    } catch (IOException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "cannot read the token in " + file + ": " + e, null, e);
    }
  }

  /**
   * Tokens and the rights that they give, from a file with lines like {@code act,publish TOKEN};
   * empty lines and those that begin with # mean nothing.
   *
   * @throws GymException INVALID_ARGUMENT where the file cannot be read or holds something else
   */
  public static Map<String, Set<Right>> readScoped(Path file) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "cannot read the tokens in " + file + ": " + e, null, e);
    }
    Map<String, Set<Right>> tokens = new LinkedHashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        String where = "line %d of %s".formatted(i + 1, file);
        String[] parts = line.split("\\s+", -1);
        Set<Right> rights = parts.length == 2 ? rights(parts[0]) : Set.of();
        if (rights.isEmpty()) {
          throw new GymException(
              Kind.INVALID_ARGUMENT,
              where
                  + " is not what it should be: rights (act, publish, admin) with commas, a space, a token");
        }
        tokens.put(check(parts[1], where), rights);
      }
    }
    if (tokens.isEmpty()) {
      throw new GymException(Kind.INVALID_ARGUMENT, file + " holds no tokens");
    }
    return tokens;
  }

  /** Rights by their names; none if one of them is none. */
  private static Set<Right> rights(String names) {
    Set<Right> rights = EnumSet.noneOf(Right.class);
    for (String name : names.split(",", -1)) {
      Right right =
          Arrays.stream(Right.values())
              .filter(r -> r.name().equalsIgnoreCase(name))
              .findFirst()
              .orElse(null);
      if (right == null) {
        return Set.of();
      }
      rights.add(right);
    }
    return rights;
  }

  /** The token, if a header can carry it and it is not easily guessed. */
  static String check(String token, String source) {
    if (token.length() < MIN_LENGTH || !token.chars().allMatch(c -> c > ' ' && c <= '~')) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          source
              + " holds no token: expected %d or more visible ASCII characters, e.g. of openssl rand -hex 32"
                  .formatted(MIN_LENGTH));
    }
    return token;
  }

  /** What is compared in place of a token: it takes as long for each. */
  static byte[] digest(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
