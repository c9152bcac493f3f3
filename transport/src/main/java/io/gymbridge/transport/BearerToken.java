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
