package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RewardPlotTest {
  @Test
  void correlation_is_pearsons() {
    double[] x = {1, 2, 3, 4};
    assertEquals(1, RewardPlot.correlation(x, new double[] {-1, 1, 3, 5}), 1e-12);
    assertEquals(-1, RewardPlot.correlation(x, new double[] {8, 6, 4, 2}), 1e-12);
    // Products sum to 0.5, squares to 5 and 0.75.
    assertEquals(
        0.5 / Math.sqrt(5 * 0.75), RewardPlot.correlation(x, new double[] {0, 0, 1, 0}), 1e-12);
    assertTrue(Double.isNaN(RewardPlot.correlation(x, new double[] {2, 2, 2, 2})));
  }
}
