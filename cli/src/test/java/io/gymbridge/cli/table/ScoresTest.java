package io.gymbridge.cli.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScoresTest {
  @Test
  void a_quarter_is_cut_off_at_either_end() {
    // scipy.stats.trim_mean([1, 2, 3, 4, 100, -50, 7, 9], 0.25) is 4.0
    assertEquals(4, Scores.interquartileMean(new double[] {1, 2, 3, 4, 100, -50, 7, 9}));
    // … and of five values one goes at each end.
    assertEquals(3, Scores.interquartileMean(new double[] {1000, 2, 3, 4, -1000}));
    assertEquals(2, Scores.interquartileMean(new double[] {1, 2, 3}));
  }

  @Test
  void the_interval_is_about_as_wide_as_theory_says() {
    // 64 runs, evenly from 0 to 1, of each of two tasks. The mean of the middle half of a uniform
    // distribution has a
    // standard error of about 0.35 / √n.
    double[] runs = new double[64];
    for (int i = 0; i < runs.length; i++) {
      runs[i] = (i + 0.5) / runs.length;
    }
    Scores.Interval interval = Scores.interquartileMean(List.of(runs, runs));
    assertEquals(0.5, interval.value(), 1e-9);
    double half = 1.96 * 0.35 / Math.sqrt(128);
    assertEquals(0.5 - half, interval.low(), 0.25 * half);
    assertEquals(0.5 + half, interval.high(), 0.25 * half);
  }

  @Test
  void tasks_are_resampled_by_themselves() {
    // Runs that agree within each task leave nothing to chance.
    Scores.Interval interval =
        Scores.interquartileMean(List.of(new double[] {1, 1, 1}, new double[] {0, 0, 0}));
    assertEquals(interval.low(), interval.high());
    assertTrue(Math.abs(interval.value() - 0.5) < 1e-12);
  }

  @Test
  void zero_is_random_and_one_is_the_expert() {
    assertEquals(0, Scores.normalised(-280, -280, 4669));
    assertEquals(1, Scores.normalised(4669, -280, 4669));
  }
}
