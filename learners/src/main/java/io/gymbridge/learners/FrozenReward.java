package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import java.util.Arrays;

/** Pays a reward that was learned before. Not thread-safe. */
final class FrozenReward implements OnPolicy.Rewards {
  private final LearnedReward reward;

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
    for (int i = 0; i < rows.length; i++) {
      rollout.rewards[rows[i]] = rewards[i];
    }
    double mean = Arrays.stream(rewards).average().orElse(Double.NaN);
    double variance =
        Arrays.stream(rewards).map(r -> (r - mean) * (r - mean)).average().orElse(Double.NaN);
    double none = Double.NaN;
    return new OnPolicy.Discrimination(none, none, none, none, none, mean, Math.sqrt(variance));
  }

  @Override
  public LearnedReward learned() {
    return reward;
  }

  @Override
  public void exchange(EnvState saved) {}
}
