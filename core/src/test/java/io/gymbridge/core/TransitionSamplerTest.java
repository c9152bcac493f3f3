package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TransitionSamplerTest {
  private static final Discrete NUMBERS = new Discrete(1000);

  /** Of so many steps, from state {@code first} to the next, and so on; action = state + 500. */
  private static Trajectory counting(int first, int steps, boolean terminated) {
    return new Trajectory(
        NdArray.of(LongStream.rangeClosed(first, first + steps).toArray(), steps + 1),
        NdArray.of(LongStream.range(first + 500, first + 500 + steps).toArray(), steps),
        new double[steps],
        terminated,
        !terminated);
  }

  private static Transitions sampled(int every, long seed, Trajectory... trajectories) {
    TransitionSampler sampler = new TransitionSampler(NUMBERS, NUMBERS, every, seed);
    for (Trajectory trajectory : trajectories) {
      sampler.add(trajectory);
    }
    return sampler.transitions();
  }

  @Test
  void each_kth_transition_is_taken_whole_from_an_offset() {
    Trajectory hundred = counting(0, 100, true);
    Transitions taken = sampled(20, 3, hundred, counting(200, 100, false));
    assertEquals(10, taken.size());
    long[] states = taken.observations().array().toLongs();
    for (int row = 0; row < 10; row++) {
      assertEquals(states[row] + 500, taken.actions().array().getLong(row));
      assertEquals(states[row] + 1, taken.nextObservations().array().getLong(row));
      assertEquals(row / 5, taken.episodes()[row]);
      assertTrue(row % 5 == 0 || states[row] == states[row - 1] + 20);
    }
    assertArrayEquals(
        states,
        sampled(20, 3, hundred, counting(200, 100, false)).observations().array().toLongs());
  }

  @Test
  void all_transitions_are_those_of_the_demonstrations() {
    Trajectory one = counting(0, 70, true);
    Trajectory two = counting(100, 3, false);
    Transitions all = new Demonstrations(NUMBERS, NUMBERS, List.of(one, two)).transitions();
    assertEquals(73, all.size());
    assertTrue(all.terminated()[69]);
    assertTrue(!all.terminated()[72], "truncated is not terminated");
    assertEquals(102, all.observations().array().getLong(72));
  }

  @Test
  void trajectories_that_are_too_short_leave_nothing_but_are_counted() {
    TransitionSampler sampler = new TransitionSampler(NUMBERS, NUMBERS, 1000, 0);
    sampler.add(counting(0, 1, true));
    assertEquals(1, sampler.evaluation().episodes());
    assertThrows(IllegalArgumentException.class, sampler::transitions);
    assertThrows(
        IllegalArgumentException.class, () -> new TransitionSampler(NUMBERS, NUMBERS, 0, 0));
  }
}
