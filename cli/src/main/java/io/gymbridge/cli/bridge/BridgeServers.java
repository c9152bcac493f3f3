package io.gymbridge.cli.bridge;

import io.gymbridge.cli.bench.PythonRunner;
import io.gymbridge.client.ManagedServer;
import io.gymbridge.client.PythonServers;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The bridge's servers: one in each language for each transport, started when first asked for. */
final class BridgeServers implements AutoCloseable {
  private static final List<String> MANY =
      List.of("--max-sessions", "256", "--exit-with-stdin", "--workers");

  private final List<String> pythonIds;
  private final int pythonWorkers;
  private final List<String> javaIds;
  private final String mainClass;
  private final Map<Transport, ManagedServer> python = new EnumMap<>(Transport.class);
  private final Map<Transport, ManagedServer> java = new EnumMap<>(Transport.class);

  BridgeServers(List<String> pythonIds, int pythonWorkers, List<String> javaIds, String mainClass) {
    this.pythonIds = pythonIds;
    this.pythonWorkers = pythonWorkers;
    this.javaIds = javaIds;
    this.mainClass = mainClass;
  }

  /** The authority of the servers' certificates, and beside it their certificate and key. */
  static Path authority() {
    return certificates().resolve("ca.pem");
  }

  private static Path certificates() {
    return PythonServers.home().resolve("testdata").resolve("certs");
  }

  /** Address of the server of Python environments. */
  String python(Transport transport) {
    return address(
        python,
        transport,
        () -> {
          List<String> command =
              new ArrayList<>(List.of(PythonServers.interpreter(), "-m", "gymbridge", "serve-env"));
          command.addAll(pythonIds);
          command.addAll(MANY);
          command.add(String.valueOf(pythonWorkers));
          Map<String, String> variables = new LinkedHashMap<>(PythonRunner.ONE_THREAD);
          variables.put("PYTHONPATH", SystemsUnderTest.folder().toString());
          return start(command, variables, transport);
        });
  }

  /** Address of the server of Java environments. */
  String java(Transport transport) {
    return address(
        java,
        transport,
        () -> {
          List<String> command = new ArrayList<>();
          command.add(
              System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
          command.addAll(List.of("-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
          command.addAll(List.of(mainClass, "serve-env"));
          command.addAll(javaIds);
          command.addAll(MANY);
          command.add("1");
          return start(command, Map.of(), transport);
        });
  }

  private static String address(
      Map<Transport, ManagedServer> servers, Transport transport, Supplier<ManagedServer> start) {
    // Shared memory is offered on the same Unix socket.
    Transport reached = transport == Transport.SHM ? Transport.GRPC_UNIX : transport;
    return servers.computeIfAbsent(reached, missing -> start.get()).address();
  }

  private static ManagedServer start(
      List<String> command, Map<String, String> variables, Transport transport) {
    command.add("--address");
    return switch (transport) {
      case GRPC_TCP, NONE -> {
        command.add("127.0.0.1:0");
        yield ManagedServer.start(command, variables, null, BridgeServers::ignore);
      }
      case GRPC_TLS -> {
        command.add("127.0.0.1:0");
        command.addAll(List.of("--tls-cert", certificates().resolve("server.pem").toString()));
        command.addAll(List.of("--tls-key", certificates().resolve("server.key").toString()));
        yield ManagedServer.start(command, variables, null, BridgeServers::ignore);
      }
      case GRPC_UNIX, SHM -> {
        try {
          Path directory = Files.createTempDirectory("gymbridge");
          command.add("unix:" + directory.resolve("server.sock"));
          yield ManagedServer.start(command, variables, directory, BridgeServers::ignore);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }

  /** Each session that opens and closes is a line, which would cut the progress line. */
  private static void ignore(String line) {}

  @Override
  public void close() {
    python.values().forEach(ManagedServer::close);
    java.values().forEach(ManagedServer::close);
  }
}
