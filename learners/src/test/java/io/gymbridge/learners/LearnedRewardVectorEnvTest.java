package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Another reward in each autoreset mode, against transitions that are put together by hand. */
class LearnedRewardVectorEnvTest {
  private static final int LANES = 3;
  private static final int STEPS = 150;

  private static VectorEnv cartPole(AutoresetMode mode) {
    return Envs.makeVec("CartPole-v1", LANES, mode, Map.of());
  }

  private static LearnedReward reward(VectorEnv env) {
    return LearnedRewardTest.reward(
        LearnedReward.Form.SHAPED, env.spec().observationSpace(), env.spec().actionSpace(), true);
  }

  private static NdArray actions(SplittableRandom random) {
    return NdArray.of(random.longs(LANES, 0, 2).toArray(), LANES);
  }

  @ParameterizedTest
  @EnumSource(AutoresetMode.class)
  void each_transition_is_worth_what_the_reward_says(AutoresetMode mode) {
    try (VectorEnv plain = cartPole(mode);
        LearnedRewardVectorEnv paid = new LearnedRewardVectorEnv(cartPole(mode), reward(plain))) {
      LearnedReward reward = reward(plain);
      SplittableRandom random = new SplittableRandom(1);
      Value before = plain.reset(5).observations();
      paid.reset(5);
      boolean[] resetting = new boolean[LANES];
      int ends = 0;
      for (int step = 0; step < STEPS; step++) {
        NdArray actions = actions(random);
        VectorEnv.Step expected = plain.step(actions);
        VectorEnv.Step got = paid.step(actions);
        assertEquals(expected.observations(), got.observations());
        assertEquals(
            NdArray.of(expected.rewards(), LANES), got.infos().get(LearnedRewardVectorEnv.OWN));
        boolean[] ended = new boolean[LANES];
        int last = 0;
        for (int lane = 0; lane < LANES; lane++) {
          ended[lane] = expected.ended(lane);
          ends += ended[lane] ? 1 : 0;
          Value finals = expected.finalObservations();
          Value after =
              ended[lane] && finals != null
                  ? finals.slice(last++, 1)
                  : expected.observations().slice(lane, 1);
          double worth =
              resetting[lane]
                  ? 0
                  : reward
                      .of(
                          before.slice(lane, 1),
                          actions.slice(lane, 1),
                          after,
                          new boolean[] {expected.terminated()[lane]})[0];
          assertEquals(worth, got.rewards()[lane], 1e-6);
          resetting[lane] = ended[lane] && mode == AutoresetMode.NEXT_STEP;
        }
        before = expected.observations();
        if (mode == AutoresetMode.DISABLED && (ended[0] || ended[1] || ended[2])) {
          before = plain.reset(null, ended, Map.of()).observations();
          paid.reset(null, ended, Map.of());
        }
      }
      assertTrue(ends > 10);
    }
  }

  @Test
  void a_restored_lane_is_paid_as_before() {
    try (VectorEnv inside =
            new SyncVectorEnv(() -> Envs.make("CartPole-v1"), LANES, AutoresetMode.NEXT_STEP);
        LearnedRewardVectorEnv env = new LearnedRewardVectorEnv(inside, reward(inside))) {
      env.reset(1);
      SplittableRandom random = new SplittableRandom(2);
      List<NdArray> chosen = new ArrayList<>();
      for (int step = 0; step < 40; step++) {
        chosen.add(actions(random));
        env.step(chosen.get(step));
      }
      byte[][] states = env.saveStates();
      double[][] first = new double[40][];
      for (int step = 0; step < 40; step++) {
        first[step] = env.step(chosen.get(step)).rewards();
      }
      env.restoreStates(states);
      for (int step = 0; step < 40; step++) {
        assertArrayEquals(first[step], env.step(chosen.get(step)).rewards());
      }
    }
  }

  @Test
  void other_spaces_are_refused() {
    try (VectorEnv cartPole = cartPole(AutoresetMode.NEXT_STEP);
        VectorEnv pendulum = Envs.makeVec("Pendulum-v1", 1, AutoresetMode.NEXT_STEP, Map.of())) {
      LearnedReward reward = reward(cartPole);
      GymException error =
          assertThrows(
              GymException.class, () -> new LearnedRewardVectorEnv(pendulum, reward).close());
      assertTrue(error.getMessage().contains("Pendulum-v1 has"), error.getMessage());
    }
  }
}
