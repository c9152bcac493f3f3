package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Address;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A policy server's figures for Prometheus, at {@code http://HOST:PORT/metrics}. Thread-safe. */
public final class MetricsEndpoint implements AutoCloseable {
  private final HTTPServer http;
  private final ExecutorService thread;
  private final String address;

  private MetricsEndpoint(HTTPServer http, ExecutorService thread, String address) {
    this.http = http;
    this.thread = thread;
    this.address = address;
  }

  /**
   * Starts answering, without encryption and whoever asks.
   *
   * @param address {@code HOST:PORT}; port 0 takes any
   * @param insecure whether other machines may ask
   * @throws GymException PERMISSION_DENIED for an address that other machines can reach, unless
   *     insecure; INVALID_ARGUMENT for one that cannot be listened on; FAILED_PRECONDITION for one
   *     in use
   */
  public static MetricsEndpoint start(String address, PolicyServer server, boolean insecure) {
    if (!(Address.parse(address) instanceof Address.Tcp tcp)) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "metrics are served at HOST:PORT, got " + address);
    }
    if (!insecure && !tcp.isLocal()) {
      throw new GymException(
          Kind.PERMISSION_DENIED,
          "the metrics at %s could be read from other machines, by anyone: listen on localhost, or say --insecure if the network is trusted"
              .formatted(address));
    }
    PrometheusRegistry registry = new PrometheusRegistry();
    registry.register(server.metrics());
    // One after the other: whoever asks often waits, and serving does not.
    ExecutorService thread =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread made = new Thread(work, "gymbridge-metrics");
              made.setDaemon(true);
              return made;
            });
    try {
      HTTPServer http =
          HTTPServer.builder()
              .hostname(tcp.host())
              .port(tcp.port())
              .executorService(thread)
              .registry(registry)
              .buildAndStart();
      return new MetricsEndpoint(
          http, thread, new Address.Tcp(tcp.host(), http.getPort()).toString());
    } catch (IOException e) {
      thread.shutdownNow();
      throw new GymException(
          e instanceof java.net.BindException ? Kind.FAILED_PRECONDITION : Kind.INVALID_ARGUMENT,
          "cannot serve metrics at %s: %s; choose another port (0 takes any)"
              .formatted(address, e.getMessage()),
          null,
          e);
    }
  }

  /** Where it listens, with the port that was chosen. */
  public String address() {
    return address;
  }

  @Override
  public void close() {
    http.close();
    thread.shutdownNow();
  }
}
