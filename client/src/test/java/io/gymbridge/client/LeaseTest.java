package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.VectorEnv;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How long a server keeps environments for a client. */
@Timeout(60)
class LeaseTest {
  private static final SessionOptions TWO = SessionOptions.DEFAULTS.withNumEnvs(2);

  private static Set<String> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(Path::toString).collect(Collectors.toCollection(TreeSet::new));
    }
  }

  /** Opens the only session that the server allows, as soon as it does. */
  private static RemoteVectorEnv openWhenFree(ManagedServer server) {
    while (true) {
      try {
        return RemoteVectorEnv.connect(server.address(), "envs_for_tests:counting", TWO);
      } catch (GymException e) {
        assertEquals(Kind.RESOURCE_EXHAUSTED, e.kind(), e.getMessage());
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
    }
  }

  @Test
  void killed_clients_session_ends_and_leaves_nothing_behind() throws IOException {
    try (ManagedServer server = TestServers.serve(2, List.of("--max-sessions", "1"), ":counting")) {
      Path socket = Path.of(server.address().substring("unix:".length()));
      Path directory = Objects.requireNonNull(socket.getParent());
      Set<String> filesBefore = files(directory);
      Set<ProcessHandle> processesBefore =
          ProcessHandle.current().descendants().collect(Collectors.toSet());
      Process holder =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElse("java"),
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  SessionHolder.class.getName(),
                  server.address())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (BufferedReader output = holder.inputReader(StandardCharsets.UTF_8)) {
        assertEquals("stepped", output.readLine());
      } finally {
        holder.destroyForcibly();
        holder.onExit().join();
      }
      try (VectorEnv env = openWhenFree(server)) {
        env.reset(1);
        assertEquals(2, env.step(NdArray.of(new long[2], 2)).rewards().length);
      }
      assertEquals(filesBefore, files(directory));
      assertEquals(
          processesBefore, ProcessHandle.current().descendants().collect(Collectors.toSet()));
    }
  }

  @Test
  void silent_session_lives_by_its_heartbeats(@TempDir Path directory) throws Exception {
    SessionOptions brief = TWO.withMaxShards(1).withLease(Duration.ofSeconds(3));
    try (ManagedServer server = TestServers.serve(1, ":counting");
        FaultyProxy proxy = new FaultyProxy(server.address(), directory, 0, request -> null);
        VectorEnv env =
            RemoteVectorEnv.connect(proxy.address(), "envs_for_tests:counting", brief)) {
      env.reset(1);
      // They are a sixth of the lease apart, at least: together more than a lease.
      proxy.heartbeats().acquire(8);
      assertEquals(
          NdArray.of(new float[] {1, 1, 1, 2}, 2, 2),
          env.step(NdArray.of(new long[2], 2)).observations());
    }
  }

  @Test
  void server_that_is_gone_is_reported_once_the_lease_is_over() {
    ManagedServer other = TestServers.serve(1, ":counting");
    SessionOptions patient =
        TWO.withLease(Duration.ofSeconds(1)).withOpenTimeout(Duration.ofSeconds(5));
    try (VectorEnv env =
        RemoteVectorEnv.connect(other.address(), "envs_for_tests:counting", patient)) {
      env.reset(1);
      other.close();
      NdArray actions = NdArray.of(new long[2], 2);
      GymException gone = assertThrows(GymException.class, () -> env.step(actions));
      assertEquals(Kind.UNAVAILABLE, gone.kind());
      assertTrue(gone.getMessage().contains("did not come back within 5 s"), gone.getMessage());
    } finally {
      other.close();
    }
  }
}
