package io.gymbridge.server;

import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.ServerSecurity;
import io.gymbridge.transport.Servers;
import java.time.Duration;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Serves policies under their names, with health (overall, and per policy) and reflection. Requests
 * run on the connections' own threads, those to one policy one after the other. Thread-safe.
 */
public final class PolicyServer implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final String VERSION = "gymbridge-java 0.1.0";

  private final SortedMap<String, HostedPolicy> policies;
  private final HealthStatusManager health;
  private final Server server;
  private final Address address;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PolicyServer(
      Address wanted, SortedMap<String, HostedPolicy> policies, ServerSecurity security) {
    this.policies = policies;
    health = new HealthStatusManager();
    server =
        Servers.builder(wanted, security)
            .addService(new PolicyCalls(policies, VERSION))
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance())
            .build();
    address = Servers.start(server, wanted);
    health.setStatus(PolicyServiceGrpc.SERVICE_NAME, ServingStatus.SERVING);
    policies.keySet().forEach(name -> health.setStatus(name, ServingStatus.SERVING));
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
    return new PolicyServer(Address.parse(address), hosted, security);
  }

  /** Where it listens, with the port that was chosen. */
  public String address() {
    return address.toString();
  }

  /** Blocks until the server is closed. */
  public void awaitTermination() throws InterruptedException {
    server.awaitTermination();
  }

  /**
   * Stops: health says NOT_SERVING, requests under way may finish within two seconds, then the
   * policies are closed. Closing twice is allowed.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    health.enterTerminalState();
    server.shutdown();
    try {
      // Open streams never end by themselves.
      if (!server.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
        server.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    policies.values().forEach(HostedPolicy::close);
  }
}
