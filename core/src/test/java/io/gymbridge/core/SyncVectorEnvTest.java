package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.gymbridge.core.testing.CountingEnv;
import io.gymbridge.core.testing.VectorEnvContract;
import org.junit.jupiter.api.Test;

class SyncVectorEnvTest extends VectorEnvContract {
  private static final NdArray ONES = NdArray.of(new long[] {1, 1}, 2);

  @Override
  protected VectorEnv make(int numEnvs, AutoresetMode mode) {
    return new SyncVectorEnv(CountingEnv::terminating, numEnvs, mode);
  }

  @Test
  void next_step_hands_out_the_last_observation_then_the_first() {
    VectorEnv env = make(2, AutoresetMode.NEXT_STEP);
    env.reset(4);
    for (int i = 1; i < CountingEnv.LENGTH; i++) {
      env.step(ONES);
    }
    VectorEnv.Step last = env.step(ONES);
    assertArrayEquals(new boolean[] {true, true}, last.terminated());
    assertEquals(NdArray.of(new float[] {5, 4, 5, 5}, 2, 2), last.observations());
    VectorEnv.Step dummy = env.step(ONES);
    assertArrayEquals(new double[] {0, 0}, dummy.rewards());
    assertEquals(NdArray.of(new float[] {0, 4, 0, 5}, 2, 2), dummy.observations());
  }

  @Test
  void same_step_hands_out_both_at_once() {
    VectorEnv env = make(2, AutoresetMode.SAME_STEP);
    env.reset(4);
    for (int i = 1; i < CountingEnv.LENGTH; i++) {
      assertNull(env.step(ONES).finalObservations());
    }
    VectorEnv.Step last = env.step(ONES);
    assertEquals(NdArray.of(new float[] {5, 4, 5, 5}, 2, 2), last.finalObservations());
    assertEquals(NdArray.of(new float[] {0, 4, 0, 5}, 2, 2), last.observations());
    assertEquals(NdArray.of(new long[] {5, 5}, 2), last.finalInfos().get("count"));
    assertEquals(NdArray.of(new long[] {0, 0}, 2), last.infos().get("count"));
  }
}
