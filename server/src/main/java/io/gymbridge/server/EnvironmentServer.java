package io.gymbridge.server;

import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Serves environments written in Java, with health and reflection, to clients in any language:
 *
 * <pre>{@code
 * try (EnvironmentServer server = EnvironmentServer.start("unix:my.sock", "Mine-v0", MyEnv::new)) {
 *   server.awaitTermination();
 * }
 * }</pre>
 *
 * Thread-safe.
 */
public final class EnvironmentServer implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final int MAX_CALLS = 100;
  private static final long REAP_MILLIS = 100;

  private final Sessions sessions;
  private final Endpoint endpoint;
  private final ScheduledExecutorService reaper =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "gymbridge leases");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * A server whose clock is another one.
   *
   * @param nanoTime as {@link System#nanoTime}
   */
  EnvironmentServer(
      String address,
      Collection<ServedEnvironment> environments,
      ServeOptions options,
      LongSupplier nanoTime) {
    Map<String, ServedEnvironment> offered = new LinkedHashMap<>();
    for (ServedEnvironment environment : environments) {
      if (offered.put(environment.id(), environment) != null) {
        throw new GymException(
            Kind.INVALID_ARGUMENT, "two environments are called \"" + environment.id() + "\"");
      }
    }
    if (offered.isEmpty()) {
      throw new GymException(Kind.INVALID_ARGUMENT, "there is no environment to serve");
    }
    sessions = new Sessions(offered, options, nanoTime);
    endpoint =
        new Endpoint(
            address,
            List.of(new EnvironmentCalls(sessions, offered.values(), options).bindService()),
            options.maxMessageBytes(),
            MAX_CALLS,
            options.security(),
            List.of());
  }

  /**
   * Starts serving.
   *
   * @param address {@code unix:PATH} or {@code HOST:PORT}; port 0 takes any
   * @param environments with different ids, in the order in which they are listed
   * @throws GymException INVALID_ARGUMENT for an address that cannot be listened on, two
   *     environments of one id or none at all; FAILED_PRECONDITION for an address in use;
   *     PERMISSION_DENIED for one that other machines can reach, without TLS or {@code insecure}
   */
  public static EnvironmentServer start(
      String address, Collection<ServedEnvironment> environments, ServeOptions options) {
    EnvironmentServer server =
        new EnvironmentServer(address, environments, options, System::nanoTime);
    var unused =
        server.reaper.scheduleWithFixedDelay(
            server::reap, REAP_MILLIS, REAP_MILLIS, TimeUnit.MILLISECONDS);
    return server;
  }

  /** Starts serving one environment, with {@link ServeOptions#DEFAULTS}. */
  public static EnvironmentServer start(
      String address, String envId, Supplier<? extends Env> maker) {
    return start(address, List.of(new ServedEnvironment(envId, maker)), ServeOptions.DEFAULTS);
  }

  /** Ends sessions whose lease has run out, and gives up lanes that are busy for too long. */
  void reap() {
    sessions.reap();
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
   * Stops: health says NOT_SERVING, requests under way may finish within two seconds, then all
   * sessions end and their environments are closed. Closing twice is allowed.
   */
  @Override
  public void close() {
    if (endpoint.drain()) {
      reaper.shutdownNow();
      sessions.stop(GRACE);
      endpoint.close();
    }
  }
}
