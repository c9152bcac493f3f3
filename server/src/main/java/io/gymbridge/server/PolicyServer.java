package io.gymbridge.server;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.ServerSecurity;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Serves policies under their names, with health (overall, and per policy) and reflection. Requests
 * run on the connections' own threads, those to one policy one after the other. Thread-safe.
 */
public final class PolicyServer implements AutoCloseable {
  private final SortedMap<String, HostedPolicy> policies;
  private final Endpoint endpoint;

  private PolicyServer(
      String address, SortedMap<String, HostedPolicy> policies, ServerSecurity security) {
    this.policies = policies;
    this.endpoint =
        new Endpoint(
            address,
            new PolicyCalls(policies, Endpoint.VERSION).bindService(),
            policies.keySet(),
            Channels.DEFAULT_MAX_MESSAGE_BYTES,
            security);
  }

  /**
   * Starts serving.
   *
   * @param address {@code unix:PATH} or {@code HOST:PORT}; port 0 takes any
   * @param policies with different names
   * @param security who may ask
   * @throws GymException INVALID_ARGUMENT for an address that cannot be listened on, or two
   *     policies of one name; FAILED_PRECONDITION for one in use; PERMISSION_DENIED for one that
   *     other machines can reach, without TLS or {@code insecure}
   */
  public static PolicyServer start(
      String address, Collection<ServedPolicy> policies, ServerSecurity security) {
    SortedMap<String, HostedPolicy> hosted = new TreeMap<>();
    for (ServedPolicy policy : policies) {
      if (hosted.put(policy.name(), new HostedPolicy(policy)) != null) {
        throw new GymException(
            Kind.INVALID_ARGUMENT, "two policies are called \"" + policy.name() + "\"");
      }
    }
    return new PolicyServer(address, hosted, security);
  }

  /** Where it listens, with the port that was chosen. */
  public String address() {
    return endpoint.address();
  }

  /** Blocks until the server is closed. */
  public void awaitTermination() throws InterruptedException {
    endpoint.awaitTermination();
  }

  /**
   * Stops: health says NOT_SERVING, requests under way may finish within two seconds, then the
   * policies are closed. Closing twice is allowed.
   */
  @Override
  public void close() {
    if (endpoint.drain()) {
      endpoint.close();
      policies.values().forEach(HostedPolicy::close);
    }
  }
}
