package io.gymbridge.cli.serving;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/**
 * {@link ServingFaultsTest} for longer. A program rather than a test: {@code ServingFaultSoak
 * FAULTS SEED}.
 */
final class ServingFaultSoak {
  private static final int REPORTED = 50;

  private ServingFaultSoak() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("faults");
    long start = System.nanoTime();
    try (ServingFaults faults = new ServingFaults(folder, Long.parseLong(arguments[1]))) {
      int left = Integer.parseInt(arguments[0]);
      Map<ServingFaults.Fault, Integer> counts = Map.of();
      while (left > 0) {
        counts = faults.run(Math.min(left, REPORTED));
        left -= REPORTED;
        System.out.printf(
            "%.0f s: %s, %d to go%n", (System.nanoTime() - start) / 1e9, counts, Math.max(0, left));
      }
      System.out.printf(
          "%d faults in %.0f s: %s; no half-written bundle was served, nothing acknowledged was lost%s%n",
          counts.values().stream().mapToInt(Integer::intValue).sum(),
          (System.nanoTime() - start) / 1e9,
          counts,
          faults.diskCanBeFull() ? "" : "; without full disks, which only root can try");
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }
}
