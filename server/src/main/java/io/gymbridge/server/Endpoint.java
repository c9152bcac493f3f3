package io.gymbridge.server;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.ServerSecurity;
import io.gymbridge.transport.Servers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A service that listens, with health (overall, under its own name and under others) and reflection
 * beside it, and that ends in good order. Calls run on the connections' own threads. Thread-safe.
 */
public final class Endpoint {
  /** The server's version, for people. */
  public static final String VERSION = "gymbridge-java 0.1.0";

  private static final Duration GRACE = Duration.ofSeconds(2);

  private final HealthStatusManager health = new HealthStatusManager();
  private final Server server;
  private final Address address;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Starts listening; throws what {@link Servers} does.
   *
   * @param services what it offers; health answers for their names
   * @param maxMessageBytes largest request that is taken
   * @param maxCalls calls under way on one connection; further ones wait at the client
   * @param security who may ask
   * @param interceptors see each call that security lets through, the last one first
   */
  public Endpoint(
      String address,
      List<ServerServiceDefinition> services,
      int maxMessageBytes,
      int maxCalls,
      ServerSecurity security,
      List<ServerInterceptor> interceptors) {
    Address wanted = Address.parse(address);
    NettyServerBuilder builder =
        Servers.builder(wanted, security, interceptors)
            .maxInboundMessageSize(maxMessageBytes)
            .maxConcurrentCallsPerConnection(maxCalls)
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance())
            .addService(olderReflection());
    services.forEach(service -> builder.addService(StrictParsing.of(service)));
    server = builder.build();
    this.address = Servers.start(server, wanted);
    services.forEach(service -> serving(service.getServiceDescriptor().getName(), true));
  }

  /** What tools like ghz ask for still. */
  @SuppressWarnings("deprecation")
  private static BindableService olderReflection() {
    return ProtoReflectionService.newInstance();
  }

  /** Has health answer for a further name, and tells those who watch it. */
  public void serving(String name, boolean serving) {
    health.setStatus(name, serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  }

  /** Where it listens, with the port that was chosen. */
  public String address() {
    return address.toString();
  }

  /** Blocks until it has ended. */
  public void awaitTermination() throws InterruptedException {
    server.awaitTermination();
  }

  /** Whether {@link #drain} or {@link #close} was called. */
  public boolean closing() {
    return closed.get();
  }

  /**
   * Begins the end: health says NOT_SERVING, and nobody can connect or begin a call any more.
   *
   * @return false where that was done before
   */
  public boolean drain() {
    if (!closed.compareAndSet(false, true)) {
      return false;
    }
    health.enterTerminalState();
    server.shutdown();
    return true;
  }

  /** After {@link #drain}: gives the calls under way two seconds, then ends them. */
  public void close() {
    close(GRACE);
  }

  /** After {@link #drain}: gives the calls under way so long, then ends them. */
  public void close(Duration grace) {
    try {
      // Open streams never end by themselves.
      if (!server.awaitTermination(grace.toMillis(), TimeUnit.MILLISECONDS)) {
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
