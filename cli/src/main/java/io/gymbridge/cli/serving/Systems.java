package io.gymbridge.cli.serving;

import io.gymbridge.cli.bench.PeerPython;
import io.gymbridge.cli.bench.PythonRunner;
import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.client.PythonServers;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The servers and clients of the cells, started when first asked for; closed together. */
public final class Systems implements AutoCloseable {
  private final Class<?> mainClass;

  private final Path folder;
  private final Consumer<String> note;
  private final BenchPolicy policy;
  private final List<AutoCloseable> opened = new ArrayList<>();
  private @Nullable PolicyProcess unix;
  private @Nullable PolicyProcess tcp;
  private @Nullable PolicyProcess echo;
  private @Nullable PythonRunner python;
  private @Nullable PythonRunner peers;
  private @Nullable String mlserver;

  /**
   * Nothing runs yet.
   *
   * @param mainClass the command, to start servers with
   * @param folder an empty one, for sockets and bundles
   * @param note is told what takes a while
   */
  public Systems(Class<?> mainClass, Path folder, BenchPolicy policy, Consumer<String> note)
      throws IOException {
    this.mainClass = mainClass;
    this.folder = folder;
    this.policy = policy;
    this.note = note;
    policy.bundle().write(bundles().resolve(BenchPolicy.NAME).resolve("1.zip"));
    Files.write(graph(), policy.bundle().onnx());
  }

  private Path bundles() {
    return folder.resolve("policies");
  }

  private Path graph() {
    return folder.resolve("policy.onnx");
  }

  /** The server that native callers ask, on a Unix socket. */
  public PolicyProcess server() {
    PolicyProcess running = unix;
    if (running == null) {
      note.accept("starting the policy server");
      running =
          opened(
              PolicyProcess.serve(mainClass, bundles(), "unix:" + folder.resolve("native.sock")));
      unix = running;
    }
    return running;
  }

  /** Another one like it, on TCP, for the Open Inference Protocol. */
  private String tcpServer() {
    PolicyProcess running = tcp;
    if (running == null) {
      running = opened(PolicyProcess.serve(mainClass, bundles(), "127.0.0.1:0"));
      tcp = running;
    }
    return running.address();
  }

  private String echoServer() {
    PolicyProcess running = echo;
    if (running == null) {
      running = opened(PolicyProcess.echo("unix:" + folder.resolve("echo.sock")));
      echo = running;
    }
    return running.address();
  }

  /**
   * Opens what a cell asks for.
   *
   * @throws GymException UNAVAILABLE with the reason where it cannot be had
   */
  public SystemUnderTest open(Cell cell) {
    String address =
        switch (cell.server()) {
          case GYMBRIDGE -> cell.way().open() ? tcpServer() : server().address();
          case ECHO -> echoServer();
          case MLSERVER -> mlserver();
        };
    return opened(
        switch (cell.way()) {
          case STREAM -> new ClosedLoop(Callers.streams(address, cell.callers()), times(address));
          case UNARY ->
              new ClosedLoop(
                  Callers.unary(address, cell.callers(), Callers.PER_CONNECTION, 1),
                  times(address));
          case JAVA -> new RemotePolicyLoop(address);
          case PYTHON ->
              python()
                  .open(fields("remote_policy", address, cell.server() == Cell.Server.GYMBRIDGE));
          case TRITON -> peers().open(fields("tritonclient", address, true));
          case GHZ -> new Ghz(address, cell.callers());
        });
  }

  private ServerTimes times(String address) {
    return opened(new ServerTimes(address));
  }

  private Map<String, Object> fields(String kind, String address, boolean check) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("kind", kind);
    fields.put("address", address);
    fields.put("onnx", graph().toString());
    fields.put("observation", BenchPolicy.OBSERVATION.toDoubles());
    fields.put("actions", check ? policy.actions().toDoubles() : new double[0]);
    return fields;
  }

  private static Path scripts() {
    return PythonServers.home().resolve("benchmarks").resolve("serving");
  }

  private PythonRunner python() {
    PythonRunner running = python;
    if (running == null) {
      running = opened(runner(PythonServers.interpreter()));
      python = running;
    }
    return running;
  }

  private PythonRunner peers() {
    PythonRunner running = peers;
    if (running == null) {
      note.accept("installing MLServer and tritonclient");
      running =
          opened(
              runner(PeerPython.interpreter(scripts().resolve("peers").resolve("mlserver.txt"))));
      peers = running;
    }
    return running;
  }

  private PythonRunner runner(String interpreter) {
    return new PythonRunner(interpreter, scripts().resolve("serving_runner.py"), folder);
  }

  private String mlserver() {
    String running = mlserver;
    if (running == null) {
      try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        running = "127.0.0.1:" + probe.getLocalPort();
      } catch (IOException e) {
        throw new GymException(Kind.UNAVAILABLE, "no free port: " + e.getMessage(), null, e);
      }
      PythonRunner starter = peers();
      note.accept("starting MLServer");
      opened(starter.open(fields("mlserver", running, false)));
      mlserver = running;
    }
    return running;
  }

  private <T extends AutoCloseable> T opened(T system) {
    opened.add(system);
    return system;
  }

  @Override
  public void close() {
    for (int i = opened.size() - 1; i >= 0; i--) {
      try {
        opened.get(i).close();
      } catch (Exception e) {
        System.err.println("while closing: " + e.getMessage());
      }
    }
  }
}
