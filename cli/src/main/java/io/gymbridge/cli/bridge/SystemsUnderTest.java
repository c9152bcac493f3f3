package io.gymbridge.cli.bridge;

import io.gymbridge.cli.bench.PeerPython;
import io.gymbridge.cli.bench.PythonRunner;
import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.client.PythonServers;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.GymException;
import io.gymbridge.transport.Credentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Opens systems, and has the processes that they need: Python runners, and the bridge's servers.
 */
public final class SystemsUnderTest implements AutoCloseable {
  private final BridgeServers servers;
  private final Consumer<String> note;
  private final Path directory;
  private final Map<Kind, PythonRunner> runners = new EnumMap<>(Kind.class);
  private final Map<Kind, GymException> missing = new EnumMap<>(Kind.class);

  /**
   * Starts nothing yet.
   *
   * @param cells all that will be opened
   * @param mainClass of the {@code gymbridge} command, which serves Java environments
   * @param note is told what takes long
   */
  public SystemsUnderTest(List<Cell> cells, Class<?> mainClass, Consumer<String> note) {
    this.note = note;
    servers =
        new BridgeServers(
            ids(cells.stream().filter(cell -> cell.kind().isServedByPython())),
            cells.stream()
                .filter(cell -> cell.kind().isServedByPython())
                .mapToInt(Cell::workers)
                .max()
                .orElse(1),
            ids(cells.stream().filter(cell -> cell.kind() == Kind.PYTHON_JAVA)),
            mainClass.getName());
    try {
      directory = Files.createTempDirectory("gymbridge-bench");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> ids(Stream<Cell> cells) {
    return cells.map(cell -> cell.workload().id()).distinct().toList();
  }

  /**
   * Opens what a cell asks for.
   *
   * @throws GymException with the reason where it cannot be had
   */
  public SystemUnderTest open(Cell cell) {
    return switch (cell.kind()) {
      case JAVA_PYTHON ->
          new JavaClient(
              servers.python(cell.transport()), cell.workload().id(), sessionOptions(cell));
      case JAVA_ASYNC ->
          new JavaAsyncClient(
              servers.python(cell.transport()), cell.workload().id(), sessionOptions(cell));
      case PYTHON_PYTHON -> pythonClient(cell, servers.python(cell.transport()));
      case PYTHON_JAVA -> pythonClient(cell, servers.java(cell.transport()));
      default -> runner(cell.kind()).open(fields(cell, Map.of()));
    };
  }

  private static SessionOptions sessionOptions(Cell cell) {
    SessionOptions options =
        SessionOptions.DEFAULTS
            .withNumEnvs(cell.numEnvs())
            .withMaxShards(cell.workers())
            .withCopy(cell.workload().imageBytes() == 0)
            .withTransport(
                cell.transport() == Transport.SHM
                    ? io.gymbridge.client.Transport.SHM
                    : io.gymbridge.client.Transport.GRPC);
    return cell.transport() == Transport.GRPC_TLS
        ? options.withCredentials(Credentials.tls(BridgeServers.authority()))
        : options;
  }

  private SystemUnderTest pythonClient(Cell cell, String address) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("address", address);
    fields.put("transport", cell.transport() == Transport.SHM ? "shm" : "grpc");
    if (cell.numEnvs() == 1) {
      fields.put("kind", "gymbridge-single");
    }
    if (cell.transport() == Transport.GRPC_TLS) {
      fields.put("tls_ca", BridgeServers.authority().toString());
    }
    return runner(Kind.PYTHON_PYTHON).open(fields(cell, fields));
  }

  /** Fields of {@code systems.Cell}: a cell's own, and those that it does not say itself. */
  private static Map<String, Object> fields(Cell cell, Map<String, String> more) {
    Map<String, Object> fields = new LinkedHashMap<>(more);
    fields.putIfAbsent("kind", cell.kind().runnerKind());
    fields.put("env", cell.workload().id());
    fields.put("num_envs", cell.numEnvs());
    fields.put("workers", cell.workers());
    return fields;
  }

  /** Where the Python part is. */
  static Path folder() {
    return PythonServers.home().resolve("benchmarks").resolve("bridge");
  }

  /** Our references share a process, the bridge's Python clients another; each peer has its own. */
  private PythonRunner runner(Kind kind) {
    Kind shared = kind.isPeer() || kind.isBridge() ? kind : Kind.LOOP;
    if (missing.containsKey(shared)) {
      throw Objects.requireNonNull(missing.get(shared));
    }
    return runners.computeIfAbsent(
        shared,
        absent -> new PythonRunner(interpreter(absent), folder().resolve("runner.py"), directory));
  }

  private String interpreter(Kind kind) {
    if (!kind.isPeer()) {
      return PythonServers.interpreter();
    }
    note.accept("installing " + kind.label());
    try {
      return PeerPython.interpreter(folder().resolve("peers").resolve(kind.runnerKind() + ".txt"));
    } catch (GymException e) {
      missing.put(kind, e);
      throw e;
    }
  }

  @Override
  public void close() {
    runners.values().forEach(PythonRunner::close);
    servers.close();
    try (Stream<Path> inside = Files.walk(directory)) {
      inside.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      // A temporary directory may stay behind.
    }
  }
}
