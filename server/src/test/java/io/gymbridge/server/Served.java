package io.gymbridge.server;

import io.gymbridge.core.Env;
import io.gymbridge.envs.Envs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** A server of the environments that tests want, on a Unix socket of its own. */
final class Served implements AutoCloseable {
  /** What the server's leases and time limits go by, if it was made with it. */
  final AtomicLong clock = new AtomicLong();

  final EnvironmentServer server;
  private final Path directory;

  private Served(List<ServedEnvironment> environments, ServeOptions options, boolean ownClock) {
    try {
      directory = Files.createTempDirectory(Path.of("/tmp"), "gymbridge");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String address = "unix:" + directory.resolve("env.sock");
    server =
        ownClock
            ? new EnvironmentServer(address, environments, options, clock::get)
            : EnvironmentServer.start(address, environments, options);
  }

  /** All environments written in Java, with all their keyword arguments and attributes. */
  static List<ServedEnvironment> javaEnvironments() {
    List<ServedEnvironment> environments = new ArrayList<>();
    for (String id : Envs.ids()) {
      environments.add(
          new ServedEnvironment(
              id,
              kwargs -> Envs.make(id, kwargs),
              (numEnvs, kwargs) -> Envs.makeBatch(id, numEnvs, kwargs),
              Envs.kwargs(id),
              List.copyOf(Envs.make(id).attributes().names()),
              true));
    }
    return environments;
  }

  static Served of(ServeOptions options, List<ServedEnvironment> environments) {
    return new Served(environments, options, false);
  }

  static Served of(String id, Supplier<Env> maker) {
    return of(ServeOptions.DEFAULTS, List.of(new ServedEnvironment(id, maker)));
  }

  /** A server whose time stands still, see {@link #pass}. */
  static Served timeless(ServeOptions options, String id, Supplier<Env> maker) {
    return new Served(List.of(new ServedEnvironment(id, maker)), options, true);
  }

  /** Lets time pass at once. */
  void pass(double seconds) {
    clock.addAndGet((long) (seconds * 1e9));
    server.reap();
  }

  String address() {
    return server.address();
  }

  @Override
  public void close() {
    server.close();
    try {
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
