package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.CountingEnv;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of an episode that is cut because its lane was lost. */
class LostLanesTest {
  private static final NdArray ACTIONS = NdArray.of(new long[] {1}, 1);

  /** One lane that is lost in some of its steps, as remote lanes are with their process. */
  private static final class LosingEnv extends VectorWrapper {
    private final IntPredicate loses;
    private int steps;

    LosingEnv(AutoresetMode mode) {
      this(mode, step -> step == 3);
    }

    /** Loses the lane in the steps, counted from 1, that are chosen. */
    LosingEnv(AutoresetMode mode, IntPredicate loses) {
      super(new SyncVectorEnv(CountingEnv::terminating, 1, mode));
      this.loses = loses;
    }

    @Override
    public Step step(Value actions) {
      steps++;
      if (!loses.test(steps)) {
        return env.step(actions);
      }
      Value first = env.reset().observations();
      boolean[] none = new boolean[1];
      return new Step(
          first,
          new double[1],
          none,
          none,
          Map.of(Step.LOSS, List.of("killed by signal 11")),
          null,
          Map.of(),
          new boolean[] {true});
    }

    @Override
    protected void exchange(EnvState state, int lane) {
      steps = state.integer(steps, 0, Integer.MAX_VALUE);
    }
  }

  private static List<Trajectory> play(VectorEnv env, int episodes) {
    return EpisodeLoop.play(env, (observations, active) -> ACTIONS, episodes, 1, episode -> {});
  }

  @Test
  void episode_that_is_always_lost_ends_the_play_with_the_cause() {
    VectorEnv env = new LosingEnv(AutoresetMode.SAME_STEP, step -> step > CountingEnv.LENGTH);
    GymException failure = assertThrows(GymException.class, () -> play(env, 4));
    assertEquals(Kind.UNAVAILABLE, failure.kind());
    assertEquals(
        "episode 2 of lane 0 was lost 3 times in a row: killed by signal 11;"
            + " the server's log may say more",
        failure.getMessage());
  }

  @Test
  void any_number_of_episodes_may_be_lost_now_and_then() {
    VectorEnv env = new LosingEnv(AutoresetMode.SAME_STEP, step -> step % 7 < 2);
    assertEquals(9, play(env, 9).size());
  }

  @ParameterizedTest
  @EnumSource(names = {"NEXT_STEP", "SAME_STEP"})
  void cut_episode_counts_for_nothing_and_is_played_again(AutoresetMode mode) {
    List<Trajectory> episodes = play(new LosingEnv(mode), 2);
    for (Trajectory episode : episodes) {
      assertEquals(CountingEnv.LENGTH, episode.length());
      assertEquals(0, episode.observations().row(0).array().getDouble(0));
    }
  }

  @Test
  void frames_of_before_are_gone() {
    VectorEnv env = new VectorFrameStackObservation(new LosingEnv(AutoresetMode.NEXT_STEP), 2);
    env.reset(1);
    env.step(ACTIONS);
    env.step(ACTIONS);
    Value stacked = env.step(ACTIONS).observations().row(0);
    assertEquals(NdArray.of(new float[] {0, 1, 0, 1}, 2, 2), stacked);
  }

  @Test
  void statistics_are_of_whole_episodes() {
    VectorRecordEpisodeStatistics env =
        new VectorRecordEpisodeStatistics(new LosingEnv(AutoresetMode.NEXT_STEP), () -> 0L);
    env.reset(1);
    for (int i = 0; i < 3 + CountingEnv.LENGTH; i++) {
      env.step(ACTIONS);
    }
    assertEquals(List.of((long) CountingEnv.LENGTH), env.lengthQueue());
    assertEquals(List.of((double) CountingEnv.LENGTH), env.returnQueue());
  }

  @Test
  void lost_flags_pass_through_all_wrappers() {
    VectorEnv env =
        new VectorNormalizeReward(
            new VectorNormalizeObservation(
                new VectorRecordEpisodeStatistics(
                    new LosingEnv(AutoresetMode.SAME_STEP), () -> 0L)));
    env.reset(1);
    env.step(ACTIONS);
    env.step(ACTIONS);
    assertEquals(true, env.step(ACTIONS).lost()[0]);
    assertEquals(false, env.step(ACTIONS).lost()[0]);
  }
}
