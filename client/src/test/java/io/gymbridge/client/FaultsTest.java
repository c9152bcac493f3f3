package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.client.FaultyProxy.Fault;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.VectorEnv;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever happens to connections and messages, what the caller sees is what it would have seen.
 */
@Timeout(120)
class FaultsTest {
  static final SessionOptions OPTIONS =
      SessionOptions.DEFAULTS
          .withNumEnvs(4)
          .withAutoresetMode(AutoresetMode.SAME_STEP)
          .withResendInterval(Duration.ofMillis(20))
          .withTransport(Transport.GRPC);
  private static final List<Fault> FAULTS = List.of(Fault.values());
  private static ManagedServer server;

  @BeforeAll
  static void serve() {
    server = TestServers.serve(2, "CartPole-v1");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** As many steps, with about as many faults, against a run without; what happened. */
  static Map<Fault, Integer> run(String server, Path directory, int steps, int faults, long seed) {
    Random random = new Random(seed);
    double share = faults / (2.0 * steps);
    try (FaultyProxy proxy =
            new FaultyProxy(
                server,
                directory,
                60,
                request ->
                    random.nextDouble() < share
                        ? FAULTS.get(random.nextInt(FAULTS.size()))
                        : null);
        VectorEnv reference = RemoteVectorEnv.connect(server, "CartPole-v1", OPTIONS);
        VectorEnv tested = RemoteVectorEnv.connect(proxy.address(), "CartPole-v1", OPTIONS)) {
      new Twins(reference, tested, seed).steps(steps);
      return proxy.counts();
    }
  }

  @ParameterizedTest
  @EnumSource
  void fault_at_any_message_changes_nothing(Fault fault, @TempDir Path directory) {
    int[] messages = {0};
    try (FaultyProxy proxy =
            new FaultyProxy(
                server.address(), directory, 60, request -> messages[0]++ % 9 == 4 ? fault : null);
        VectorEnv reference = RemoteVectorEnv.connect(server.address(), "CartPole-v1", OPTIONS);
        VectorEnv tested = RemoteVectorEnv.connect(proxy.address(), "CartPole-v1", OPTIONS)) {
      new Twins(reference, tested, 1).steps(40);
      assertTrue(proxy.counts().getOrDefault(fault, 0) >= 5);
    }
  }

  @Test
  void random_faults_change_nothing(@TempDir Path directory) {
    Map<Fault, Integer> counts = run(server.address(), directory, 3_000, 150, 7);
    assertEquals(FAULTS.size(), counts.size(), counts.toString());
  }
}
