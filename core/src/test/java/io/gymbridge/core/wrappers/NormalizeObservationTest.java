package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Env;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What {@link WrapperGoldenTest} can't tell: Gymnasium's wrapper refuses two autoreset modes. */
class NormalizeObservationTest {
  private static final NdArray ZERO = NdArray.of(new long[1]);
  private static final NdArray ZEROS = NdArray.of(new long[3], 3);

  private static SyncVectorEnv cartpoles(AutoresetMode mode) {
    return new SyncVectorEnv(ScriptedEnv.lanes("cartpole"), 3, mode);
  }

  @Test
  void space_is_unbounded_float32_of_the_same_shape() {
    Env env = new NormalizeObservation(ScriptedEnv.lanes("pendulum").get());
    Box space = (Box) env.spec().observationSpace();
    assertEquals(DType.FLOAT32, space.dtype());
    assertArrayEquals(new int[] {3}, space.shape());
    assertEquals(Double.NEGATIVE_INFINITY, space.low().getDouble(0));
    assertEquals(null, space.whyNot(env.reset().observation()));
  }

  @Test
  void integer_observations_are_normalized_too() {
    Env env = new NormalizeObservation(new CompositeEnv("number"));
    assertEquals(0, env.reset().observation().array().size() - 1);
    assertEquals(DType.FLOAT32, env.step(ZERO).observation().array().dtype());
  }

  @Test
  void composite_observations_and_bad_epsilons_are_refused() {
    Env composite = new CompositeEnv("all");
    assertThrows(IllegalArgumentException.class, () -> new NormalizeObservation(composite));
    Env plain = ScriptedEnv.lanes("cartpole").get();
    assertThrows(IllegalArgumentException.class, () -> new NormalizeObservation(plain, 0));
  }

  @Test
  void restored_statistics_normalize_as_those_saved() {
    NormalizeObservation trained = new NormalizeObservation(ScriptedEnv.lanes("cartpole").get());
    trained.reset();
    for (int i = 0; i < 5; i++) {
      trained.step(ZERO);
    }
    NormalizeObservation evaluated = new NormalizeObservation(ScriptedEnv.lanes("cartpole").get());
    evaluated.restore(trained.state());
    evaluated.setUpdateRunningMean(false);
    Value once = evaluated.reset().observation();
    assertEquals(trained.state(), evaluated.state());
    VectorNormalizeObservation batch =
        new VectorNormalizeObservation(cartpoles(AutoresetMode.NEXT_STEP));
    batch.restore(trained.state());
    batch.setUpdateRunningMean(false);
    assertEquals(once, batch.reset().observations().row(0));
  }

  @Test
  void same_step_counts_and_normalizes_final_observations() {
    VectorNormalizeObservation env =
        new VectorNormalizeObservation(cartpoles(AutoresetMode.SAME_STEP));
    VectorEnv plain = cartpoles(AutoresetMode.SAME_STEP);
    RunningMeanStd expected = new RunningMeanStd(4, DType.FLOAT32);
    env.reset();
    expected.update(plain.reset().observations().array().toDoubles());
    int finals = 0;
    for (int i = 0; i < 20; i++) {
      VectorEnv.Step step = env.step(ZEROS);
      VectorEnv.Step raw = plain.step(ZEROS);
      Value last = raw.finalObservations();
      if (last == null) {
        expected.update(raw.observations().array().toDoubles());
        continue;
      }
      Value all = Value.concatenate(java.util.List.of(raw.observations(), last));
      expected.update(all.array().toDoubles());
      finals++;
      assertNotNull(step.finalObservations());
      assertNormalized(expected, last, step.finalObservations());
      assertNormalized(expected, raw.observations(), step.observations());
    }
    assertNotEquals(0, finals);
    assertEquals(expected.state(), env.state());
  }

  private static void assertNormalized(RunningMeanStd statistics, Value raw, Value actual) {
    double[] expected = statistics.normalize(raw.array().toDoubles(), NormalizeObservation.EPSILON);
    assertEquals(NdArray.ofDoubles(DType.FLOAT32, expected, raw.array().shape()), actual);
  }

  @Test
  void lanes_that_stay_do_not_count_again_when_others_are_reset() {
    VectorNormalizeObservation env =
        new VectorNormalizeObservation(cartpoles(AutoresetMode.DISABLED));
    env.reset();
    VectorEnv.Step step = env.step(ZEROS);
    while (!step.ended(0) && !step.ended(1) && !step.ended(2)) {
      step = env.step(ZEROS);
    }
    double before = env.state().count();
    boolean[] ended = new boolean[3];
    int endings = 0;
    for (int lane = 0; lane < 3; lane++) {
      ended[lane] = step.ended(lane);
      endings += ended[lane] ? 1 : 0;
    }
    assertNotEquals(3, endings);
    env.reset(null, ended, Map.of());
    assertEquals(before + endings, env.state().count(), 1e-9);
    env.reset(null, new boolean[3], Map.of());
    assertEquals(before + endings, env.state().count(), 1e-9);
  }
}
