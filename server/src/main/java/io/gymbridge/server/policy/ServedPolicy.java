package io.gymbridge.server.policy;

import io.gymbridge.core.Policy;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A policy to serve.
 *
 * @param name what clients ask for, without slashes; not empty
 * @param version changes when the policy's content does
 * @param policy asked by one thread at a time; closed with the server
 * @param stochastic whether {@code deterministic} makes a difference
 * @param provenance how the policy came to be; values as in {@link
 *     io.gymbridge.core.Env.Reset#info}
 */
public record ServedPolicy(
    String name,
    String version,
    Policy policy,
    boolean stochastic,
    Map<String, Object> provenance) {
  public ServedPolicy {
    if (name.isEmpty() || name.contains("/")) {
      throw new IllegalArgumentException(
          "a policy's name cannot be empty or hold a slash, got \"" + name + "\"");
    }
    provenance = Collections.unmodifiableMap(new LinkedHashMap<>(provenance));
  }

  /** A deterministic policy of which nothing else is known. */
  public ServedPolicy(String name, String version, Policy policy) {
    this(name, version, policy, false, Map.of());
  }
}
