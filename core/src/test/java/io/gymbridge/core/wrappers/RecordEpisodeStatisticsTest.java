package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.DType;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.CountingEnv;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecordEpisodeStatisticsTest {
  private static final NdArray TWO = NdArray.of(new long[] {2});
  private static final NdArray ACTIONS = NdArray.of(new long[] {1, 2}, 2);

  /** A clock that a millisecond passes on at each look. */
  private static LongSupplier ticking() {
    long[] now = {5};
    return () -> now[0] += 1_000_000;
  }

  private static VectorRecordEpisodeStatistics batch(AutoresetMode mode) {
    return new VectorRecordEpisodeStatistics(
        new SyncVectorEnv(CountingEnv::terminating, 2, mode), ticking());
  }

  @Test
  void last_step_of_an_episode_tells_its_return_length_and_time() {
    RecordEpisodeStatistics env = new RecordEpisodeStatistics(CountingEnv.truncating(), ticking());
    env.reset(1);
    for (int i = 1; i < CountingEnv.LENGTH; i++) {
      assertFalse(env.step(TWO).info().containsKey("episode"));
    }
    Map<String, Object> info = env.step(TWO).info();
    assertEquals(Map.of("r", 10.0, "l", 5L, "t", 0.001), info.get("episode"));
    assertEquals(5L, info.get("count"));
  }

  @Test
  void queues_keep_the_last_episodes() {
    RecordEpisodeStatistics env =
        new RecordEpisodeStatistics(CountingEnv.terminating(), ticking(), 2, "stats");
    for (int episode = 0; episode < 3; episode++) {
      env.reset(1);
      env.step(NdArray.of(new long[] {episode}));
      for (int i = 1; i < CountingEnv.LENGTH; i++) {
        env.step(NdArray.of(new long[1]));
      }
    }
    assertEquals(3, env.episodeCount());
    assertEquals(List.of(1.0, 2.0), env.returnQueue());
    assertEquals(List.of(5L, 5L), env.lengthQueue());
    assertEquals(List.of(0.001, 0.001), env.timeQueue());
  }

  @Test
  void key_that_is_taken_is_refused() {
    Env inner = new RecordEpisodeStatistics(CountingEnv.terminating(), ticking());
    Env env = new RecordEpisodeStatistics(inner, ticking());
    env.reset(1);
    for (int i = 1; i < CountingEnv.LENGTH; i++) {
      env.step(TWO);
    }
    GymException refusal = assertThrows(GymException.class, () -> env.step(TWO));
    assertEquals(Kind.FAILED_PRECONDITION, refusal.kind());
  }

  @ParameterizedTest
  @EnumSource
  void batch_tells_them_in_vector_form(AutoresetMode mode) {
    VectorRecordEpisodeStatistics env = batch(mode);
    env.reset(1);
    for (int i = 1; i < CountingEnv.LENGTH; i++) {
      assertFalse(env.step(ACTIONS).infos().containsKey("episode"));
    }
    Map<String, Object> infos = env.step(ACTIONS).infos();
    // One look at the clock for the reset, one for each step.
    assertEquals(
        Map.of(
            "r", NdArray.of(new double[] {5, 10}, 2),
            "l", NdArray.of(new long[] {5, 5}, 2),
            "t", NdArray.of(new double[] {0.005, 0.005}, 2)),
        infos.get("episode"));
    assertEquals(NdArray.ofLongs(DType.BOOL, new long[] {1, 1}, 2), infos.get("_episode"));
    assertEquals(List.of(5.0, 10.0), env.returnQueue());
    assertEquals(2, env.episodeCount());
  }

  @ParameterizedTest
  @EnumSource(names = {"NEXT_STEP", "SAME_STEP"})
  void next_episode_counts_from_its_own_beginning(AutoresetMode mode) {
    VectorRecordEpisodeStatistics env = batch(mode);
    env.reset(1);
    int dummies = mode == AutoresetMode.NEXT_STEP ? 1 : 0;
    for (int i = 0; i < 2 * CountingEnv.LENGTH + dummies; i++) {
      env.step(ACTIONS);
    }
    assertEquals(List.of(5.0, 10.0, 5.0, 10.0), env.returnQueue());
    assertEquals(List.of(5L, 5L, 5L, 5L), env.lengthQueue());
    assertEquals(List.of(0.005, 0.005, 0.005, 0.005), env.timeQueue());
  }

  @Test
  void reset_of_one_lane_begins_its_episode_only() {
    VectorRecordEpisodeStatistics env = batch(AutoresetMode.DISABLED);
    env.reset(1);
    env.step(ACTIONS);
    env.step(ACTIONS);
    env.reset(null, new boolean[] {true, false}, Map.of());
    env.step(ACTIONS);
    env.step(ACTIONS);
    VectorEnv.Step last = env.step(ACTIONS);
    assertEquals(
        Map.of(
            "r", NdArray.of(new double[] {0, 10}, 2),
            "l", NdArray.of(new long[] {0, 5}, 2),
            "t", NdArray.of(new double[] {0, 0.006}, 2)),
        last.infos().get("episode"));
    assertEquals(NdArray.ofLongs(DType.BOOL, new long[] {0, 1}, 2), last.infos().get("_episode"));
    env.reset(null, new boolean[] {false, true}, Map.of());
    env.step(ACTIONS);
    env.step(ACTIONS);
    assertEquals(List.of(10.0, 5.0), env.returnQueue());
  }
}
