package io.gymbridge.cli.serving;

import io.gymbridge.client.ManagedServer;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A Java policy server in a process of its own. */
public final class PolicyProcess implements AutoCloseable {
  /** The largest heap of each process. */
  static final String HEAP = "512m";

  private final ManagedServer server;

  private PolicyProcess(ManagedServer server) {
    this.server = server;
  }

  /**
   * Serves a folder of bundles, into which everybody may publish.
   *
   * @param mainClass the command
   * @param address as {@code serve-policy} takes it
   * @param more options of {@code serve-policy}
   */
  public static PolicyProcess serve(
      Class<?> mainClass, Path folder, String address, String... more) {
    List<String> command = java(mainClass);
    command.addAll(List.of("serve-policy", folder.toString(), "--address", address));
    command.addAll(List.of("--allow-publish", "--exit-with-stdin"));
    command.addAll(List.of(more));
    return new PolicyProcess(start(command));
  }

  /** Serves answers that are ready, see {@link EchoServer}. */
  static PolicyProcess echo(String address) {
    List<String> command = java(EchoServer.class);
    command.add(address);
    return new PolicyProcess(start(command));
  }

  /**
   * A Java process like this one: its class path and, of the launcher's settings, the collector.
   */
  static List<String> java(Class<?> mainClass) {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.addAll(
        List.of("-XX:+UseSerialGC", "-Xmx" + HEAP, "-cp", System.getProperty("java.class.path")));
    command.add(mainClass.getName());
    return command;
  }

  /** What it says of versions that come and go would cut the progress line. */
  private static ManagedServer start(List<String> command) {
    return ManagedServer.start(command, Map.of(), null, line -> {});
  }

  public String address() {
    return server.address();
  }

  /** Ends the process at once, as if the machine had lost its power: kill -9. */
  public void kill() {
    ProcessHandle.of(server.pid()).ifPresent(ProcessHandle::destroyForcibly);
    server.close();
  }

  /**
   * Memory that the process holds.
   *
   * @return megabytes; NaN where the system does not tell
   */
  public double residentMegabytes() {
    Path status = Path.of("/proc", String.valueOf(server.pid()), "status");
    try {
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException e) {
      if (!server.isAlive()) {
        throw new GymException(
            Kind.UNAVAILABLE, "the server has ended: " + server.lastErrors(), null, e);
      }
      return Double.NaN;
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
