package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.DType;
import io.gymbridge.core.Env;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.testing.CountingEnv;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What {@link WrapperGoldenTest} can't tell: Gymnasium's forgets all lanes at any reset. */
class NormalizeRewardTest {
  private static final NdArray TWO = NdArray.of(new long[] {2});
  private static final NdArray TWOS = NdArray.of(new long[] {2, 2}, 2);

  @Test
  void reset_of_one_lane_leaves_the_others_return_alone() {
    VectorNormalizeReward env =
        new VectorNormalizeReward(
            new SyncVectorEnv(CountingEnv::terminating, 2, AutoresetMode.DISABLED), 0.5, 1e-8);
    RunningMeanStd expected = new RunningMeanStd(1, DType.FLOAT64);
    env.reset(1);
    env.step(TWOS);
    expected.update(new double[] {2, 2});
    env.reset(null, new boolean[] {true, false}, Map.of());
    env.step(TWOS);
    expected.update(new double[] {2, 3});
    assertEquals(expected.state(), env.state());
  }

  @Test
  void restored_statistics_scale_as_those_saved() {
    NormalizeReward trained = new NormalizeReward(CountingEnv.terminating());
    trained.reset(1);
    trained.step(TWO);
    double scaled = trained.step(TWO).reward();
    NormalizeReward restored = new NormalizeReward(CountingEnv.terminating());
    restored.restore(trained.state());
    restored.setUpdateRunningMean(false);
    restored.reset(1);
    assertEquals(scaled, restored.step(TWO).reward());
    assertEquals(trained.state(), restored.state());
    VectorNormalizeReward batch =
        new VectorNormalizeReward(
            new SyncVectorEnv(CountingEnv::terminating, 2, AutoresetMode.NEXT_STEP));
    batch.restore(trained.state());
    batch.setUpdateRunningMean(false);
    batch.reset(1);
    assertArrayEquals(new double[] {scaled, scaled}, batch.step(TWOS).rewards());
  }

  @Test
  void bad_parameters_are_refused() {
    Env env = CountingEnv.terminating();
    assertThrows(IllegalArgumentException.class, () -> new NormalizeReward(env, 1.1, 1e-8));
    assertThrows(IllegalArgumentException.class, () -> new NormalizeReward(env, -0.1, 1e-8));
    assertThrows(IllegalArgumentException.class, () -> new NormalizeReward(env, 0.9, 0));
  }
}
