package io.gymbridge.core.wrappers;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * {@link NormalizeReward} for a batch: one set of statistics, and a discounted return per lane.
 *
 * <p>Dummy transitions of NEXT_STEP neither count nor change their lane's return. As in Gymnasium,
 * an end under SAME_STEP and a reset set the return to 0, a truncation under NEXT_STEP does not;
 * but where some lanes are reset, Gymnasium's forgets the returns of all, this one only theirs.
 *
 * <p>Returns are held in {@code float32}, as in Gymnasium; their statistics are calculated in
 * {@code float64}, where Gymnasium averages a step's returns in {@code float32}: the two differ by
 * about 1e-7 of a value.
 */
public final class VectorNormalizeReward extends VectorWrapper {
  private final double gamma;
  private final double epsilon;
  private final RunningMeanStd statistics = new RunningMeanStd(1, DType.FLOAT64);
  private final float[] discountedReturns;
  private final boolean[] resetting;
  private boolean updates = true;

  /** With Gymnasium's gamma, 0.99, and epsilon, 1e-8. */
  public VectorNormalizeReward(VectorEnv env) {
    this(env, NormalizeReward.GAMMA, NormalizeReward.EPSILON);
  }

  /** Parameters as {@link NormalizeReward}'s. */
  public VectorNormalizeReward(VectorEnv env, double gamma, double epsilon) {
    super(env);
    NormalizeReward.check(gamma, epsilon);
    this.gamma = gamma;
    this.epsilon = epsilon;
    this.discountedReturns = new float[env.numEnvs()];
    this.resetting = new boolean[env.numEnvs()];
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    Reset reset = env.reset(seeds, lanes, options);
    for (int lane = 0; lane < numEnvs(); lane++) {
      if (lanes == null || lanes[lane]) {
        discountedReturns[lane] = 0;
        resetting[lane] = false;
      }
    }
    return reset;
  }

  @Override
  public Step step(Value actions) {
    Step step = env.step(actions);
    int[] counted =
        IntStream.range(0, numEnvs())
            .filter(lane -> !resetting[lane] && !step.lost()[lane])
            .toArray();
    for (int lane : counted) {
      double before =
          step.terminated()[lane] ? 0 : (float) (discountedReturns[lane] * (double) (float) gamma);
      discountedReturns[lane] = (float) (before + step.rewards()[lane]);
    }
    if (updates && counted.length > 0) {
      statistics.update(Arrays.stream(counted).mapToDouble(l -> discountedReturns[l]).toArray());
    }
    for (int lane = 0; lane < numEnvs(); lane++) {
      resetting[lane] = step.ended(lane) && autoresetMode() == AutoresetMode.NEXT_STEP;
      if (step.lost()[lane] || (step.ended(lane) && autoresetMode() == AutoresetMode.SAME_STEP)) {
        discountedReturns[lane] = 0;
      }
    }
    double deviation = statistics.deviation(epsilon);
    return step.withRewards(
        Arrays.stream(step.rewards()).map(reward -> reward / deviation).toArray());
  }

  /** Whether rewards still change the statistics; they do at first. */
  public boolean updateRunningMean() {
    return updates;
  }

  /** Lets rewards change the statistics, or not. */
  public void setUpdateRunningMean(boolean on) {
    updates = on;
  }

  /** The statistics of the discounted returns; the lanes' returns are no part of them. */
  public RunningMeanStd.State state() {
    return statistics.state();
  }

  /** Goes on with saved statistics and returns of 0. */
  public void restore(RunningMeanStd.State state) {
    statistics.restore(state);
    Arrays.fill(discountedReturns, 0);
  }

  @Override
  protected void exchange(EnvState state, int lane) {
    statistics.exchange(state);
    updates = state.flag(updates);
    discountedReturns[lane] = (float) state.real(discountedReturns[lane]);
    resetting[lane] = state.flag(resetting[lane]);
  }
}
