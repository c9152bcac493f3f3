package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.testing.CountingEnv;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EpisodeLoopTest {
  private static List<Trajectory> play(Supplier<Env> maker, AutoresetMode mode, int episodes) {
    VectorEnv env = new SyncVectorEnv(maker, 3, mode);
    return EpisodeLoop.play(
        env,
        (observations, active) -> {
          long[] actions = new long[3];
          for (int lane = 0; lane < 3; lane++) {
            actions[lane] = (long) observations.row(lane).array().getDouble(0) % 3;
          }
          return NdArray.of(actions, 3);
        },
        episodes,
        5,
        episode -> {});
  }

  @ParameterizedTest
  @EnumSource(names = {"NEXT_STEP", "SAME_STEP"})
  void episodes_are_whole_and_without_dummies(AutoresetMode mode) {
    List<Trajectory> episodes = play(CountingEnv::terminating, mode, 7);
    assertEquals(7, episodes.size());
    for (Trajectory episode : episodes) {
      assertEquals(CountingEnv.LENGTH, episode.length());
      for (int t = 0; t <= CountingEnv.LENGTH; t++) {
        assertEquals(t, episode.observations().row(t).array().getDouble(0));
      }
      assertArrayEquals(new double[] {0, 1, 2, 0, 1}, episode.rewards());
      assertTrue(episode.terminated());
      assertFalse(episode.truncated());
    }
    double[] seeds =
        episodes.stream().mapToDouble(e -> e.observations().row(0).array().getDouble(1)).toArray();
    assertArrayEquals(new double[] {5, 5, 5, 6, 6, 7, 7}, seeds);
  }

  @ParameterizedTest
  @EnumSource(names = {"NEXT_STEP", "SAME_STEP"})
  void policies_are_told_where_episodes_begin(AutoresetMode mode) {
    VectorEnv env = new SyncVectorEnv(CountingEnv::terminating, 2, mode);
    Policy remembering =
        new Policy() {
          private final long[] steps = new long[2];

          @Override
          public Space observationSpace() {
            return env.spec().observationSpace();
          }

          @Override
          public Space actionSpace() {
            return env.spec().actionSpace();
          }

          @Override
          public void beginEpisodes(boolean[] rows) {
            for (int row = 0; row < 2; row++) {
              steps[row] = rows[row] ? 0 : steps[row];
            }
          }

          @Override
          public Value act(Value observations, boolean deterministic) {
            return NdArray.of(new long[] {steps[0]++ % 3, steps[1]++ % 3}, 2);
          }
        };
    for (Trajectory episode : EpisodeLoop.play(env, remembering, true, 5, 0, e -> {})) {
      assertArrayEquals(new long[] {0, 1, 2, 0, 1}, episode.actions().array().toLongs());
    }
  }

  @Test
  void truncation_is_told_apart() {
    for (Trajectory episode : play(CountingEnv::truncating, AutoresetMode.SAME_STEP, 2)) {
      assertTrue(episode.truncated());
      assertFalse(episode.terminated());
    }
  }

  @Test
  void fewer_episodes_than_lanes_leave_lanes_idle() {
    assertEquals(2, play(CountingEnv::terminating, AutoresetMode.NEXT_STEP, 2).size());
  }

  @ParameterizedTest
  @EnumSource(names = {"NEXT_STEP", "SAME_STEP"})
  void actor_is_told_which_lanes_count(AutoresetMode mode) {
    List<String> told = new ArrayList<>();
    EpisodeLoop.play(
        new SyncVectorEnv(CountingEnv::terminating, 2, mode),
        (observations, active) -> {
          told.add(Arrays.toString(active));
          return NdArray.of(new long[2], 2);
        },
        3,
        0,
        episode -> {});
    assertEquals("[true, true]", told.get(0));
    assertEquals("[true, false]", told.get(told.size() - 1));
    assertEquals(mode == AutoresetMode.NEXT_STEP, told.contains("[false, false]"));
  }

  @Test
  void disabled_autoreset_is_refused() {
    VectorEnv env = new SyncVectorEnv(CountingEnv::terminating, 1, AutoresetMode.DISABLED);
    assertThrows(GymException.class, () -> EpisodeLoop.play(env, (o, a) -> o, 1, 0, episode -> {}));
  }
}
