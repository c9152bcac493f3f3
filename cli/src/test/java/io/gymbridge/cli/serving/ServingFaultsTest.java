package io.gymbridge.cli.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServingFaultsTest {
  private static final int FAULTS = 20;

  @TempDir Path folder = Path.of("");

  @Test
  void faults_never_serve_half_a_bundle_and_lose_nothing_that_was_acknowledged()
      throws IOException {
    try (ServingFaults faults = new ServingFaults(folder, 1)) {
      Map<ServingFaults.Fault, Integer> counts = faults.run(FAULTS);
      assertEquals(FAULTS, counts.values().stream().mapToInt(Integer::intValue).sum());
      if (!faults.diskCanBeFull()) {
        System.out.println("full disks are left out: only root may mount a small one");
      }
    }
  }
}
