package io.gymbridge.server;

import com.google.protobuf.ByteString;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What saved states are signed with, so that clients cannot make states of their own: an
 * HMAC-SHA-256 follows the state's bytes. Thread-safe.
 */
public final class StateKey {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int TAG_BYTES = 32;
  private static final int MIN_BYTES = 16;

  private final SecretKeySpec key;

  private StateKey(byte[] key) {
    this.key = new SecretKeySpec(key, ALGORITHM);
  }

  /** A new key: states are good on the servers that have it, as long as they live. */
  public static StateKey random() {
    byte[] key = new byte[32];
    new SecureRandom().nextBytes(key);
    return new StateKey(key);
  }

  /**
   * The key in a file, without blanks around it: states are good on all servers that read it.
   *
   * @throws GymException INVALID_ARGUMENT where the file cannot be read or has less than 16 bytes
   */
  public static StateKey read(Path file) {
    byte[] key;
    try {
      key =
          Files.readString(file, StandardCharsets.ISO_8859_1)
              .strip()
              .getBytes(StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "cannot read the key of saved states in " + file + ": " + e,
          null,
          e);
    }
    if (key.length < MIN_BYTES) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "%s has %d bytes, expected %d or more, e.g. of openssl rand -hex 32"
              .formatted(file, key.length, MIN_BYTES));
    }
    return new StateKey(key);
  }

  /** The state, signed. */
  ByteString sign(byte[] state) {
    return ByteString.copyFrom(state).concat(ByteString.copyFrom(tag(state)));
  }

  /**
   * The state that was signed.
   *
   * @throws GymException INVALID_ARGUMENT for bytes that were not signed with this key
   */
  byte[] verify(ByteString signed) {
    int length = Math.max(0, signed.size() - TAG_BYTES);
    byte[] state = signed.substring(0, length).toByteArray();
    if (!MessageDigest.isEqual(tag(state), signed.substring(length).toByteArray())) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "a saved state is damaged or of another server: states outlive their server, and move to"
              + " others, where all are started with the same --state-key FILE");
    }
    return state;
  }

  private byte[] tag(byte[] state) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return mac.doFinal(state);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
