package io.gymbridge.client;

import io.gymbridge.client.FaultyProxy.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * {@link FaultsTest} for longer. A program rather than a test: {@code FaultSoak STEPS FAULTS SEED}.
 */
final class FaultSoak {
  private FaultSoak() {}

  public static void main(String[] arguments) throws IOException {
    int steps = Integer.parseInt(arguments[0]);
    int faults = Integer.parseInt(arguments[1]);
    Path directory = Files.createTempDirectory("faults");
    try (ManagedServer server = TestServers.serve(2, "CartPole-v1")) {
      long start = System.nanoTime();
      Map<Fault, Integer> counts =
          FaultsTest.run(server.address(), directory, steps, faults, Long.parseLong(arguments[2]));
      System.out.printf(
          "%d steps of 4 lanes in 2 shards, identical to the run without faults, in %.1f s; %d faults: %s%n",
          steps,
          (System.nanoTime() - start) / 1e9,
          counts.values().stream().mapToInt(Integer::intValue).sum(),
          counts);
    } finally {
      Files.deleteIfExists(directory.resolve("proxy.sock"));
      Files.delete(directory);
    }
  }
}
