package io.gymbridge.envs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.BatchVectorEnv;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvBatch;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StatefulEnv;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.VectorEnvContract;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Environments that move together do what they do one by one, bit for bit. */
class BatchTest {
  private static final int LANES = 7;

  /** Past every time limit. */
  private static final int STEPS = 1_200;

  static Stream<String> ids() {
    return Envs.ids().stream().filter(id -> Envs.makeBatch(id, 1, Map.of()) != null);
  }

  static Stream<Arguments> idsAndModes() {
    return ids()
        .flatMap(id -> Arrays.stream(AutoresetMode.values()).map(mode -> Arguments.of(id, mode)));
  }

  private static EnvBatch batch(String id) {
    EnvBatch batch = Envs.makeBatch(id, LANES, Map.of());
    assertNotNull(batch);
    return batch;
  }

  @Test
  void classic_control_moves_together() {
    assertEquals(5, ids().count());
    assertNull(Envs.makeBatch("Taxi-v4", 2, Map.of()));
  }

  @ParameterizedTest
  @MethodSource("idsAndModes")
  void rollout_is_that_of_single_environments(String id, AutoresetMode mode) {
    try (VectorEnv one = new SyncVectorEnv(() -> Envs.make(id), LANES, mode);
        VectorEnv copying = new BatchVectorEnv(batch(id), mode);
        VectorEnv reusing = new BatchVectorEnv(batch(id), mode, false)) {
      Value first = one.reset(5).observations();
      assertEquals(first, copying.reset(5).observations());
      assertEquals(first, reusing.reset(5).observations());
      Random random = new Random(1);
      int ends = 0;
      for (int i = 0; i < STEPS; i++) {
        Value actions = actions(one, random);
        VectorEnv.Step expected = one.step(actions);
        assertStepsEqual(expected, copying.step(actions));
        assertStepsEqual(expected, reusing.step(actions));
        boolean[] ended = new boolean[LANES];
        for (int lane = 0; lane < LANES; lane++) {
          ended[lane] = expected.ended(lane);
          ends += ended[lane] ? 1 : 0;
        }
        if (mode == AutoresetMode.DISABLED && any(ended)) {
          long[] seeds = i % 2 == 0 ? random.longs(LANES, 0, 1_000).toArray() : null;
          VectorEnv.Reset reset = one.reset(seeds, ended, Map.of());
          assertEquals(reset, copying.reset(seeds, ended, Map.of()));
          assertEquals(reset, reusing.reset(seeds, ended, Map.of()));
        }
      }
      assertTrue(ends >= LANES, "the rollout shows ends");
    }
  }

  private static boolean any(boolean[] flags) {
    for (boolean flag : flags) {
      if (flag) {
        return true;
      }
    }
    return false;
  }

  @Test
  void reset_options_reach_the_lanes_also_beyond_small_angles() {
    Map<String, Object> options = Map.of("low", -1.5, "high", 1.5);
    try (VectorEnv one =
            new SyncVectorEnv(() -> Envs.make("CartPole-v1"), LANES, AutoresetMode.NEXT_STEP);
        VectorEnv together = new BatchVectorEnv(batch("CartPole-v1"), AutoresetMode.NEXT_STEP)) {
      long[] seeds = {1, 2, 3, 4, 5, 6, 7};
      assertEquals(one.reset(seeds, options), together.reset(seeds, options));
      Value actions = actions(one, new Random(1));
      assertStepsEqual(one.step(actions), together.step(actions));
      Map<String, Object> wrong = Map.of("low", "nothing");
      String expected =
          assertThrows(GymException.class, () -> one.reset(seeds, wrong)).getMessage();
      assertEquals(
          expected,
          assertThrows(GymException.class, () -> together.reset(seeds, wrong)).getMessage());
    }
  }

  @Test
  void keyword_arguments_reach_the_batch() {
    Map<String, Object> kwargs = Map.of("sutton_barto_reward", true);
    try (VectorEnv env = Envs.makeVec("CartPole-v1", 2, AutoresetMode.NEXT_STEP, kwargs)) {
      env.reset(1);
      assertArrayEquals(new double[2], env.step(NdArray.of(new long[2], 2)).rewards());
    }
    assertThrows(
        GymException.class, () -> Envs.makeBatch("CartPole-v1", 2, Map.of("gravity", 1.0)));
  }

  @ParameterizedTest
  @MethodSource("ids")
  void saved_lane_is_a_saved_environment(String id) {
    EnvBatch batch = batch(id);
    try (VectorEnv env = new BatchVectorEnv(batch, AutoresetMode.SAME_STEP);
        StatefulEnv single = Envs.make(id)) {
      env.reset(5);
      single.reset(5 + 2);
      Random random = new Random(1);
      for (int i = 0; i < 50; i++) {
        Value actions = actions(env, random);
        env.step(actions);
        Env.Step step = single.step(actions.row(2));
        if (step.terminated() || step.truncated()) {
          single.reset();
        }
      }
      assertArrayEquals(single.saveState(), batch.lane(2).saveState());
      byte[] other = batch.lane(4).saveState();
      batch.lane(2).restoreState(other);
      assertArrayEquals(other, batch.lane(2).saveState());
      assertEquals(batch.observation(4), batch.observation(2));
      Value action = actions(env, random).row(0);
      assertEquals(batch.lane(4).step(action), batch.lane(2).step(action));
      assertEquals(batch.lane(4).render(), batch.lane(2).render());
    }
  }

  @Test
  void without_copying_the_same_arrays_come_again() {
    try (VectorEnv env = new BatchVectorEnv(batch("CartPole-v1"), AutoresetMode.NEXT_STEP, false)) {
      env.reset(1);
      VectorEnv.Step first = env.step(NdArray.of(new long[LANES], LANES));
      VectorEnv.Step second = env.step(NdArray.of(new long[LANES], LANES));
      assertSame(first.observations(), second.observations());
      assertSame(first.rewards(), second.rewards());
    }
  }

  @Test
  void small_angle_series_is_exact_to_the_last_bit_or_its_neighbour() {
    Random random = new Random(1);
    for (int i = 0; i < 100_000; i++) {
      double angle = random.nextDouble(-SmallAngle.MAX, SmallAngle.MAX);
      double sin = StrictMath.sin(angle);
      double cos = StrictMath.cos(angle);
      assertEquals(sin, SmallAngle.sin(angle), Math.ulp(sin));
      assertEquals(cos, SmallAngle.cos(angle), Math.ulp(cos));
    }
  }

  private static Value actions(VectorEnv env, Random random) {
    List<Value> actions = new ArrayList<>();
    for (int lane = 0; lane < LANES; lane++) {
      actions.add(env.spec().actionSpace().sample(random));
    }
    return Value.stack(actions);
  }

  private static void assertStepsEqual(VectorEnv.Step expected, VectorEnv.Step actual) {
    assertEquals(expected.observations(), actual.observations());
    assertArrayEquals(expected.rewards(), actual.rewards());
    assertArrayEquals(expected.terminated(), actual.terminated());
    assertArrayEquals(expected.truncated(), actual.truncated());
    assertEquals(expected.infos(), actual.infos());
    assertEquals(expected.finalObservations(), actual.finalObservations());
    assertEquals(expected.finalInfos(), actual.finalInfos());
    assertArrayEquals(expected.lost(), actual.lost());
  }

  @Nested
  class CopyingContract extends VectorEnvContract {
    @Override
    protected VectorEnv make(int numEnvs, AutoresetMode mode) {
      return Envs.makeVec("CartPole-v1", numEnvs, mode, Map.of());
    }
  }
}
