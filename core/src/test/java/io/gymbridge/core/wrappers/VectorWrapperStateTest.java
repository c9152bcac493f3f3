package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StatefulVectorEnv;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.TimeLimit;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.CountingEnv;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Saved states of lanes, through all wrappers at once. */
class VectorWrapperStateTest {
  private static final int N = 3;

  private static StatefulVectorEnv make(AutoresetMode mode) {
    VectorEnv env = new SyncVectorEnv(() -> new TimeLimit(new WalkEnv()), N, mode);
    env = new VectorNormalizeReward(new VectorRecordEpisodeStatistics(env, () -> 0));
    env = new VectorFrameStackObservation(new VectorNormalizeObservation(env), 3);
    return new VectorFlattenObservation(env);
  }

  private static List<Object> play(VectorEnv env, int steps) {
    List<Object> seen = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      VectorEnv.Step step = env.step(NdArray.of(new long[] {i % 3, 1, 0}, N));
      seen.add(step.observations());
      seen.add(Arrays.toString(step.rewards()));
      seen.add(step.infos());
      seen.add(String.valueOf(step.finalObservations()));
      boolean[] ended = new boolean[N];
      boolean any = false;
      for (int lane = 0; lane < N; lane++) {
        ended[lane] = step.ended(lane);
        any |= ended[lane];
      }
      if (any && env.autoresetMode() == AutoresetMode.DISABLED) {
        seen.add(env.reset(null, ended, Map.of()).observations());
      }
    }
    return seen;
  }

  @ParameterizedTest
  @EnumSource
  void restored_lanes_go_on_bit_for_bit(AutoresetMode mode) {
    StatefulVectorEnv env = make(mode);
    env.reset(3);
    play(env, 20);
    byte[][] saved = env.saveStates();
    List<Object> once = play(env, 40);
    byte[][] later = env.saveStates();
    StatefulVectorEnv other = make(mode);
    for (StatefulVectorEnv each : List.of(env, other)) {
      each.restoreStates(saved);
      assertEquals(once, play(each, 40));
      assertArrayEquals(later, each.saveStates());
    }
  }

  @Test
  void restored_observations_are_those_of_the_last_step() {
    StatefulVectorEnv env = make(AutoresetMode.NEXT_STEP);
    env.reset(3);
    play(env, 4);
    Object last = env.step(NdArray.of(new long[N], N)).observations();
    byte[][] saved = env.saveStates();
    play(env, 4);
    assertEquals(last, env.restoreStates(saved));
  }

  @Test
  void a_lane_may_go_where_another_one_was() {
    StatefulVectorEnv env = new SyncVectorEnv(WalkEnv::new, N, AutoresetMode.DISABLED);
    env.reset(3);
    byte[][] saved = env.saveStates(0);
    play(env, 4);
    NdArray restored = env.restoreStates(saved, 2).array();
    assertEquals(0, restored.row(2).getDouble(1));
    assertEquals(4, restored.row(0).getDouble(1));
    assertArrayEquals(saved, env.saveStates(2));
  }

  @Test
  void a_state_that_does_not_fit_is_refused_and_changes_no_lane() {
    StatefulVectorEnv env = make(AutoresetMode.NEXT_STEP);
    env.reset(3);
    byte[][] early = env.saveStates();
    play(env, 20);
    byte[][] present = env.saveStates();
    byte[][] damaged = {early[0], early[1], early[2].clone()};
    damaged[2][damaged[2].length / 2] ^= 1;
    byte[][] foreign = {early[0], early[1], new WalkEnv().saveState()};
    for (byte[][] wrong : List.of(damaged, foreign, new byte[][] {early[0]})) {
      GymException refusal = assertThrows(GymException.class, () -> env.restoreStates(wrong));
      assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
      assertArrayEquals(present, env.saveStates());
    }
    assertThrows(GymException.class, () -> env.saveStates(1, 1));
    assertThrows(GymException.class, () -> env.saveStates(N));
  }

  @Test
  void what_cannot_be_saved_says_so() {
    VectorEnv sync = new SyncVectorEnv(CountingEnv::terminating, 1, AutoresetMode.NEXT_STEP);
    StatefulVectorEnv env = new VectorNormalizeReward(sync);
    assertEquals(
        Kind.FAILED_PRECONDITION, assertThrows(GymException.class, env::saveStates).kind());
    env.reset(1);
    assertEquals(Kind.UNIMPLEMENTED, assertThrows(GymException.class, env::saveStates).kind());
  }
}
