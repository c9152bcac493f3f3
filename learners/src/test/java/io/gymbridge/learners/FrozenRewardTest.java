package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.learners.LearnedReward.Form;
import io.gymbridge.learners.nn.Activation;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FrozenRewardTest {
  private static final Space OBSERVATIONS = Box.of(DType.FLOAT32, -5, 5, 3);
  private static final Space FORCES = Box.of(DType.FLOAT32, -2, 2, 2);
  private static final int ROWS = 8;
  private static final int END = 5;

  private final PolicyNetwork policy =
      PolicyNetwork.create(
          OBSERVATIONS, FORCES, new PolicyNetwork.Architecture(List.of(4), Activation.TANH), 0);

  /** Random transitions, of which one reaches the task's end. */
  private static Rollout rollout(long seed) {
    Rollout rollout = new Rollout(ROWS, 1, 3, 2);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < rollout.observations.length; i++) {
      rollout.observations[i] = (float) random.nextDouble(-1, 1);
      rollout.nextObservations[i] = (float) random.nextDouble(-1, 1);
    }
    Arrays.fill(rollout.valid, true);
    rollout.terminated[END] = true;
    return rollout;
  }

  private double[] paid(FrozenReward frozen, Rollout rollout) {
    frozen.apply(rollout, policy);
    return rollout.rewards.clone();
  }

  private static double[] worth(LearnedReward reward, Rollout rollout) {
    return reward.of(
        rollout.observations,
        NdArray.of(new float[ROWS * 2], ROWS, 2),
        rollout.nextObservations,
        rollout.terminated);
  }

  @Test
  void airl_s_constant_is_what_the_first_rollout_is_paid_on_average() {
    LearnedReward reward = LearnedRewardTest.reward(Form.UNSHAPED, OBSERVATIONS, FORCES, false);
    FrozenReward frozen = new FrozenReward(reward);
    double[] first = paid(frozen, rollout(1));
    first[END] = 0;
    assertEquals(0, Arrays.stream(first).sum(), 1e-9);

    double constant = worth(reward, rollout(1))[0] - first[0];
    double[] expected = worth(reward, rollout(2));
    Arrays.setAll(expected, i -> expected[i] - constant);
    assertArrayEquals(expected, paid(frozen, rollout(2)), 1e-9, "the same ever after");
  }

  @Test
  void an_end_that_is_paid_for_all_later_time_loses_the_constant_for_all_of_it() {
    LearnedReward reward = LearnedRewardTest.reward(Form.UNSHAPED, OBSERVATIONS, FORCES, true);
    double[] worth = worth(reward, rollout(1));
    double[] paid = paid(new FrozenReward(reward), rollout(1));
    double constant = worth[0] - paid[0];
    assertEquals(constant / (1 - reward.gamma()), worth[END] - paid[END], 1e-9);
  }

  @ParameterizedTest
  @EnumSource(names = {"POSITIVE", "NEGATIVE", "LOGIT", "SHAPED"})
  void others_are_paid_as_they_are(Form form) {
    LearnedReward reward = LearnedRewardTest.reward(form, OBSERVATIONS, FORCES, false);
    assertArrayEquals(worth(reward, rollout(1)), paid(new FrozenReward(reward), rollout(1)), 1e-9);
  }

  @Test
  void a_checkpoint_holds_the_constant() {
    LearnedReward reward = LearnedRewardTest.reward(Form.UNSHAPED, OBSERVATIONS, FORCES, false);
    FrozenReward frozen = new FrozenReward(reward);
    frozen.apply(rollout(1), policy);
    FrozenReward resumed = new FrozenReward(reward);
    byte[] saved = EnvState.save("constant", 1, frozen::exchange);
    EnvState.restore(saved, "constant", 1, resumed::exchange);
    assertArrayEquals(paid(frozen, rollout(2)), paid(resumed, rollout(2)));
  }
}
