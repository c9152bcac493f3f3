package io.gymbridge.learners;

import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.wrappers.RunningMeanStd;
import java.util.Arrays;

/**
 * Divides rewards by the running deviation of the lanes' discounted returns, and clips them to
 * ±{@value #CLIP}: what Gymnasium's NormalizeReward does while stepping, here for rewards that are
 * known only afterwards as well. Not thread-safe.
 */
final class RewardScale {
  /** In deviations, as Stable-Baselines3's VecNormalize has it. */
  static final double CLIP = 10;

  private final double gamma;
  private final double[] returns;
  private final RunningMeanStd statistics = new RunningMeanStd(1, DType.FLOAT64);

  RewardScale(int lanes, double gamma) {
    this.gamma = gamma;
    this.returns = new double[lanes];
  }

  /** Takes a rollout's rewards into account, step by step, and scales them. */
  void apply(Rollout rollout) {
    double[] counted = new double[rollout.lanes];
    for (int step = 0; step < rollout.steps; step++) {
      int count = 0;
      for (int lane = 0; lane < rollout.lanes; lane++) {
        int row = step * rollout.lanes + lane;
        if (rollout.valid[row]) {
          returns[lane] = returns[lane] * gamma + rollout.rewards[row];
          counted[count++] = returns[lane];
        }
      }
      if (count > 0) {
        statistics.update(Arrays.copyOf(counted, count));
      }
      double deviation = Math.sqrt(statistics.state().variance()[0] + 1e-8);
      for (int lane = 0; lane < rollout.lanes; lane++) {
        int row = step * rollout.lanes + lane;
        double scaled = rollout.rewards[row] / deviation;
        rollout.rewards[row] = Math.max(-CLIP, Math.min(CLIP, scaled));
        if (!rollout.valid[row] || rollout.terminated[row] || rollout.truncated[row]) {
          returns[lane] = 0;
        }
      }
    }
  }

  /** Saves or restores statistics and the returns so far. */
  void exchange(EnvState saved) {
    statistics.exchange(saved);
    saved.reals(returns);
  }
}
