package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.DType;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RunningMeanStdTest {
  private static final double[] ROWS = new Random(1).doubles(40, -3, 5).toArray();

  @Test
  void batches_of_any_size_give_the_mean_and_variance_of_all_rows() {
    RunningMeanStd statistics = new RunningMeanStd(2, DType.FLOAT64);
    statistics.update(Arrays.copyOfRange(ROWS, 0, 2));
    statistics.update(Arrays.copyOfRange(ROWS, 2, 16));
    statistics.update(Arrays.copyOfRange(ROWS, 16, 40));
    RunningMeanStd.State state = statistics.state();
    assertEquals(20 + 1e-4, state.count(), 1e-12);
    for (int i = 0; i < 2; i++) {
      double sum = 0;
      double squares = 0;
      for (int row = 0; row < 20; row++) {
        sum += ROWS[2 * row + i];
        squares += ROWS[2 * row + i] * ROWS[2 * row + i];
      }
      // What came first, mean 0 and variance 1, weighs 1e-4 of a row.
      double mean = sum / state.count();
      assertEquals(mean, state.mean()[i], 1e-12);
      assertEquals((squares + 1e-4) / state.count() - mean * mean, state.variance()[i], 1e-12);
    }
  }

  @Test
  void float32_statistics_hold_float32_numbers() {
    RunningMeanStd statistics = new RunningMeanStd(2, DType.FLOAT32);
    statistics.update(ROWS);
    for (double mean : statistics.state().mean()) {
      assertEquals((float) mean, mean);
    }
    for (double variance : statistics.state().variance()) {
      assertEquals((float) variance, variance);
    }
  }

  @Test
  void restored_statistics_go_on_as_if_never_saved() {
    RunningMeanStd whole = new RunningMeanStd(2, DType.FLOAT32);
    whole.update(Arrays.copyOfRange(ROWS, 0, 10));
    RunningMeanStd rest = new RunningMeanStd(2, DType.FLOAT32);
    rest.restore(whole.state());
    whole.update(Arrays.copyOfRange(ROWS, 10, 40));
    assertNotEquals(whole.state(), rest.state());
    rest.update(Arrays.copyOfRange(ROWS, 10, 40));
    assertEquals(whole.state(), rest.state());
  }

  @Test
  void saved_state_does_not_change_with_the_statistics() {
    RunningMeanStd statistics = new RunningMeanStd(1, DType.FLOAT64);
    RunningMeanStd.State before = statistics.state();
    before.mean()[0] = 9;
    statistics.update(new double[] {5});
    assertArrayEquals(new double[] {0}, before.mean());
    assertArrayEquals(new double[] {1}, before.variance());
  }

  @Test
  void wrong_sizes_and_impossible_states_are_refused() {
    RunningMeanStd statistics = new RunningMeanStd(2, DType.FLOAT64);
    assertThrows(IllegalArgumentException.class, () -> statistics.update(new double[3]));
    assertThrows(IllegalArgumentException.class, () -> statistics.update(new double[0]));
    RunningMeanStd.State other = new RunningMeanStd(3, DType.FLOAT64).state();
    assertThrows(IllegalArgumentException.class, () -> statistics.restore(other));
    double[] two = {1, 1};
    assertThrows(
        IllegalArgumentException.class, () -> new RunningMeanStd.State(two, new double[1], 1));
    assertThrows(IllegalArgumentException.class, () -> new RunningMeanStd.State(two, two, 0));
    double[] negative = {1, -1};
    assertThrows(IllegalArgumentException.class, () -> new RunningMeanStd.State(two, negative, 1));
    assertThrows(IllegalArgumentException.class, () -> new RunningMeanStd(1, DType.INT64));
  }
}
