package io.gymbridge.server;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Secrets that cannot be guessed, and the shards that they are for. Thread-safe. */
final class Tokens {
  private static final int BYTES = 24;

  private final SecureRandom random = new SecureRandom();
  private final Map<String, Shard> shards = new ConcurrentHashMap<>();

  String random() {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  void put(String token, Shard shard) {
    shards.put(token, shard);
  }

  void remove(String token) {
    shards.remove(token);
  }

  /** Null where no shard has the token. */
  @Nullable Shard find(String token) {
    return shards.get(token);
  }
}
