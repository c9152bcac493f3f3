package io.gymbridge.client;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.BearerToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server that runs as this process's child and ends with it: by {@link #close}, by a shutdown
 * hook, and, should this process be killed, because its standard input ends (a server of ours is
 * given {@code --exit-with-stdin}). Thread-safe.
 */
public final class ManagedServer implements AutoCloseable {
  private static final String READY = "gymbridge: listening on ";
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final int KEPT_LINES = 40;

  private final Process process;
  private final @Nullable Path directory;
  private final Consumer<String> log;
  private final Deque<String> errors = new ArrayDeque<>();
  private final CompletableFuture<String> address = new CompletableFuture<>();
  private final Thread errorReader;
  private final Thread hook = new Thread(this::kill, "gymbridge-managed-server-shutdown");

  private ManagedServer(Process process, @Nullable Path directory, Consumer<String> log) {
    this.process = process;
    this.directory = directory;
    this.log = log;
    this.errorReader = reader("stderr", process.errorReader(StandardCharsets.UTF_8), this::keep);
    reader("stdout", process.inputReader(StandardCharsets.UTF_8), this::look);
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Starts a server and waits until it listens, that is, prints {@code gymbridge: listening on
   * ADDRESS}. What it prints on standard error is passed on.
   *
   * @param command the program and its arguments
   * @param environment variables to add
   * @param temporary a directory that {@link #close} deletes; null for none
   * @throws GymException UNAVAILABLE where it cannot be started, ends first, or does not listen
   *     within a minute: with the last lines of its standard error
   */
  public static ManagedServer start(
      List<String> command, Map<String, String> environment, @Nullable Path temporary) {
    return start(command, environment, temporary, System.err::println);
  }

  /**
   * The same with another place for what the server prints on standard error.
   *
   * @param log takes each line, in a thread of its own
   */
  public static ManagedServer start(
      List<String> command,
      Map<String, String> environment,
      @Nullable Path temporary,
      Consumer<String> log) {
    ProcessBuilder builder = new ProcessBuilder(command);
    // It serves this process only, which asks without a token.
    builder.environment().remove(BearerToken.VARIABLE);
    builder.environment().putAll(environment);
    ManagedServer server;
    try {
      server = new ManagedServer(builder.start(), temporary, log);
    } catch (IOException e) {
      delete(temporary);
      throw new GymException(
          Kind.UNAVAILABLE,
          "cannot start %s: %s".formatted(command.get(0), e.getMessage()),
          null,
          e);
    }
    try {
      server.address.get(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      return server;
    } catch (ExecutionException e) {
      server.close();
      throw new GymException(Kind.UNAVAILABLE, server.obituary(command), null, e);
    } catch (TimeoutException e) {
      server.close();
      throw new GymException(
          Kind.UNAVAILABLE,
          "the server did not listen within %s: %s\n%s"
              .formatted(
                  Durations.describe(START_TIMEOUT),
                  String.join(" ", command),
                  server.lastErrors()),
          null,
          e);
    } catch (InterruptedException e) {
      server.close();
      Thread.currentThread().interrupt();
      throw new GymException(Kind.UNAVAILABLE, "interrupted while a server started", null, e);
    }
  }

  /** Serves environments with Python; see {@link PythonServers#serveEnv}. */
  public static ManagedServer serveEnv(
      List<String> envIds, int numEnvs, int workers, String... more) {
    return PythonServers.serveEnv(envIds, numEnvs, workers, List.of(more), Map.of());
  }

  /** Serves a policy with Python; see {@link PythonServers#servePolicy}. */
  public static ManagedServer servePolicy(String policy, String envId, String... more) {
    return PythonServers.servePolicy(policy, envId, List.of(more), Map.of());
  }

  /** Where it listens. */
  public String address() {
    return address.join();
  }

  /** Whether the process runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** The process's number. */
  public long pid() {
    return process.pid();
  }

  /** The last lines of its standard error. */
  public String lastErrors() {
    synchronized (errors) {
      return String.join("\n", errors);
    }
  }

  /**
   * Ends the process, by force where it does not end within a few seconds, and deletes its
   * temporary directory. Closing twice is allowed.
   */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // The virtual machine is shutting down, and the hook does this.
    }
    List<ProcessHandle> descendants = process.descendants().toList();
    process.destroy();
    if (!ends(GRACE)) {
      descendants.forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      ends(GRACE);
    }
    delete(directory);
  }

  private void kill() {
    process.destroy();
    if (!ends(Duration.ofSeconds(2))) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    delete(directory);
  }

  private boolean ends(Duration within) {
    boolean interrupted = Thread.interrupted();
    try {
      return process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
      return !process.isAlive();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private String obituary(List<String> command) {
    boolean interrupted = Thread.interrupted();
    try {
      errorReader.join(GRACE.toMillis());
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return "the server ended before it listened (exit code %d): %s\n%s"
        .formatted(process.exitValue(), String.join(" ", command), lastErrors());
  }

  private void look(@Nullable String line) {
    if (line == null) {
      address.completeExceptionally(new IOException("the server's output ended"));
    } else if (line.startsWith(READY)) {
      address.complete(line.substring(READY.length()).strip());
    }
  }

  private void keep(@Nullable String line) {
    if (line == null) {
      return;
    }
    synchronized (errors) {
      errors.addLast(line);
      if (errors.size() > KEPT_LINES) {
        errors.removeFirst();
      }
    }
    if (address.isDone()) {
      log.accept(line);
    }
  }

  private static Thread reader(String name, BufferedReader from, LineSink sink) {
    Thread thread =
        new Thread(
            () -> {
              try (from) {
                for (String line = from.readLine(); line != null; line = from.readLine()) {
                  sink.take(line);
                }
              } catch (IOException e) {
                // The process is gone, and its output with it.
              } finally {
                sink.take(null);
              }
            },
            "gymbridge-managed-server-" + name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Takes lines, and null after the last. */
  private interface LineSink {
    void take(@Nullable String line);
  }

  private static void delete(@Nullable Path directory) {
    if (directory == null || !Files.exists(directory)) {
      return;
    }
    List<Path> paths = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(directory)) {
      walk.sorted(Comparator.reverseOrder()).forEach(paths::add);
      for (Path path : paths) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | UncheckedIOException e) {
      // A temporary directory may stay behind.
    }
  }
}
