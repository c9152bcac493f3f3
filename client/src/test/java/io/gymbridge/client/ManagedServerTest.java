package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a server that this process started begins and ends. */
class ManagedServerTest {
  @Test
  void closing_leaves_no_process_and_no_socket() {
    ManagedServer server = TestServers.serve(1, "CartPole-v1");
    Path socket = socketOf(server.address());
    assertTrue(Files.exists(socket));
    server.close();
    server.close();
    assertFalse(server.isAlive());
    assertFalse(Files.exists(socket.getParent()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  @Timeout(60)
  void server_ends_with_a_program_that_is_killed_or_interrupted(boolean killed) throws Exception {
    Process holder =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-Dgymbridge.root=" + System.getProperty("gymbridge.root", ".."),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                ServerHolder.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader output = holder.inputReader(StandardCharsets.UTF_8)) {
      Path socket = socketOf(output.readLine());
      List<ProcessHandle> processes =
          Arrays.stream(output.readLine().split(" "))
              .map(Long::parseLong)
              .flatMap(pid -> ProcessHandle.of(pid).stream())
              .toList();
      assertEquals(3, processes.size());
      assertTrue(Files.exists(socket));
      if (killed) {
        holder.destroyForcibly();
      } else {
        // SIGTERM and SIGINT both run the shutdown hooks.
        holder.destroy();
      }
      for (ProcessHandle process : processes) {
        process.onExit().get(20, TimeUnit.SECONDS);
      }
      assertFalse(Files.exists(socket.getParent()));
    } finally {
      holder.destroyForcibly();
    }
  }

  @Test
  void missing_packages_message_reaches_the_user(@TempDir Path directory) throws IOException {
    Files.writeString(
        directory.resolve("mujoco.py"),
        "raise ModuleNotFoundError(\"No module named 'mujoco'\", name='mujoco')\n");
    GymException failure =
        assertThrows(
            GymException.class,
            () ->
                PythonServers.serveEnv(
                    List.of("HalfCheetah-v5"),
                    1,
                    1,
                    List.of(),
                    Map.of("PYTHONPATH", directory.toString())));
    assertEquals(Kind.UNAVAILABLE, failure.kind());
    assertTrue(
        failure.getMessage().contains("pip install \"gymnasium[mujoco]\""), failure.getMessage());
    assertTrue(failure.getMessage().contains("exit code 2"), failure.getMessage());
  }

  @Test
  void port_in_use_is_said() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      List<String> command =
          List.of(
              PythonServers.interpreter(),
              "-m",
              "gymbridge",
              "serve-env",
              "CartPole-v1",
              "--exit-with-stdin",
              "--address",
              "127.0.0.1:" + taken.getLocalPort());
      GymException failure =
          assertThrows(GymException.class, () -> ManagedServer.start(command, Map.of(), null));
      assertEquals(Kind.UNAVAILABLE, failure.kind());
      assertTrue(failure.getMessage().contains("in use"), failure.getMessage());
    }
  }

  @Test
  void program_that_is_not_there_is_named() {
    GymException failure =
        assertThrows(
            GymException.class,
            () -> ManagedServer.start(List.of("/no/such/python"), Map.of(), null));
    assertEquals(Kind.UNAVAILABLE, failure.kind());
    assertTrue(failure.getMessage().contains("cannot start /no/such/python"));
  }

  private static Path socketOf(String address) {
    assertTrue(address.startsWith("unix:"), address);
    return Path.of(address.substring("unix:".length()));
  }
}
