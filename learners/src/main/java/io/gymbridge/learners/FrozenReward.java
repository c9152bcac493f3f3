package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Pays a reward that was learned before. AIRL's g is known but for a constant, which h makes good,
 * and beside which its differences may be small: from it is taken what the first rollout's steps
 * are paid on average. Others are paid as they are: f is what it is, and GAIL's sign says whether
 * to live long. Not thread-safe.
 */
final class FrozenReward implements OnPolicy.Rewards {
  private final LearnedReward reward;
  private double constant = Double.NaN;

  FrozenReward(LearnedReward reward) {
    this.reward = reward;
  }

  @Override
  public OnPolicy.Discrimination apply(Rollout rollout, PolicyNetwork policy) {
    int[] rows = rollout.validRows();
    int width = rollout.width;
    int size = rollout.actionSize;
    float[] before = new float[rows.length * width];
    float[] after = new float[rows.length * width];
    float[] actions = new float[rows.length * size];
    boolean[] terminated = new boolean[rows.length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rollout.observations, rows[i] * width, before, i * width, width);
      System.arraycopy(rollout.nextObservations, rows[i] * width, after, i * width, width);
      System.arraycopy(rollout.executed, rows[i] * size, actions, i * size, size);
      terminated[i] = rollout.terminated[rows[i]];
    }
    // Through the space, since the two may have different units for unbounded actions.
    double[] rewards =
        reward.of(before, policy.head().toSpace(actions, rows.length), after, terminated);
    if (Double.isNaN(constant)) {
      constant =
          reward.form() == LearnedReward.Form.UNSHAPED ? meanOfSteps(rewards, terminated) : 0;
    }
    // An end that is paid holds the rewards of all the time after it.
    double ofEnd = reward.encoder().absorbing() ? constant / (1 - reward.gamma()) : constant;
    for (int i = 0; i < rows.length; i++) {
      rollout.rewards[rows[i]] = rewards[i] - (terminated[i] ? ofEnd : constant);
    }
    double mean = Arrays.stream(rewards).average().orElse(Double.NaN);
    double variance =
        Arrays.stream(rewards).map(r -> (r - mean) * (r - mean)).average().orElse(Double.NaN);
    double none = Double.NaN;
    return new OnPolicy.Discrimination(none, none, none, none, none, mean, Math.sqrt(variance));
  }

  /** Of those that did not reach an end, which may hold more than one step's; 0 without any. */
  private static double meanOfSteps(double[] rewards, boolean[] terminated) {
    return IntStream.range(0, rewards.length)
        .filter(i -> !terminated[i])
        .mapToDouble(i -> rewards[i])
        .average()
        .orElse(0);
  }

  @Override
  public LearnedReward learned() {
    return reward;
  }

  @Override
  public void exchange(EnvState saved) {
    constant = saved.real(constant);
  }
}
