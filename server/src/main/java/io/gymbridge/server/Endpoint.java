package io.gymbridge.server;

import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.ServerSecurity;
import io.gymbridge.transport.Servers;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A service that listens, with health (overall, under its own name and under others) and reflection
 * beside it, and that ends in good order. Calls run on the connections' own threads. Thread-safe.
 */
final class Endpoint {
  /** The server's version, for people. */
  static final String VERSION = "gymbridge-java 0.1.0";

  private static final Duration GRACE = Duration.ofSeconds(2);

  private final HealthStatusManager health = new HealthStatusManager();
  private final Server server;
  private final Address address;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Starts listening; throws what {@link Servers} does.
   *
   * @param names further names that health answers for
   * @param maxMessageBytes largest request that is taken
   */
  Endpoint(
      String address,
      ServerServiceDefinition service,
      Collection<String> names,
      int maxMessageBytes,
      ServerSecurity security) {
    Address wanted = Address.parse(address);
    server =
        Servers.builder(wanted, security)
            .maxInboundMessageSize(maxMessageBytes)
            .addService(StrictParsing.of(service))
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance())
            .build();
    this.address = Servers.start(server, wanted);
    health.setStatus(service.getServiceDescriptor().getName(), ServingStatus.SERVING);
    names.forEach(name -> health.setStatus(name, ServingStatus.SERVING));
  }

  /** Where it listens, with the port that was chosen. */
  String address() {
    return address.toString();
  }

  /** Blocks until it has ended. */
  void awaitTermination() throws InterruptedException {
    server.awaitTermination();
  }

  /** Whether {@link #drain} or {@link #close} was called. */
  boolean closing() {
    return closed.get();
  }

  /**
   * Begins the end: health says NOT_SERVING, and nobody can connect or begin a call any more.
   *
   * @return false where that was done before
   */
  boolean drain() {
    if (!closed.compareAndSet(false, true)) {
      return false;
    }
    health.enterTerminalState();
    server.shutdown();
    return true;
  }

  /** After {@link #drain}: gives the calls under way two seconds, then ends them. */
  void close() {
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
    Servers.removeSocket(address);
  }
}
