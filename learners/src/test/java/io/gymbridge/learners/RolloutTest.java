package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RolloutTest {
  private static final double GAMMA = 0.9;
  private static final double LAMBDA = 0.5;

  /** One lane; rewards 1, values 10, next values 20. */
  private static Rollout rollout(int steps) {
    Rollout rollout = new Rollout(steps, 1, 1, 1);
    Arrays.fill(rollout.rewards, 1);
    Arrays.fill(rollout.values, 10);
    Arrays.fill(rollout.nextValues, 20);
    Arrays.fill(rollout.valid, true);
    return rollout;
  }

  private static double[] advantages(Rollout rollout) {
    rollout.estimateAdvantages(GAMMA, LAMBDA);
    return rollout.advantages;
  }

  @Test
  void errors_add_up_within_an_episode() {
    double error = 1 + GAMMA * 20 - 10;
    double second = error;
    double first = error + GAMMA * LAMBDA * second;
    assertArrayEquals(new double[] {first, second}, advantages(rollout(2)), 1e-12);
  }

  @Test
  void nothing_lies_beyond_a_terminated_step() {
    Rollout rollout = rollout(2);
    rollout.terminated[0] = true;
    assertEquals(1 - 10, advantages(rollout)[0], 1e-12);
  }

  @Test
  void a_truncated_step_counts_on_the_value_of_what_it_saw_last() {
    Rollout rollout = rollout(2);
    rollout.truncated[0] = true;
    assertEquals(1 + GAMMA * 20 - 10, advantages(rollout)[0], 1e-12);
  }

  @Test
  void what_is_no_transition_ends_the_chain_and_is_left_out() {
    Rollout rollout = rollout(3);
    rollout.valid[1] = false;
    double error = 1 + GAMMA * 20 - 10;
    assertArrayEquals(new double[] {error, 0, error}, advantages(rollout), 1e-12);
    assertArrayEquals(new int[] {0, 2}, rollout.validRows());
  }
}
