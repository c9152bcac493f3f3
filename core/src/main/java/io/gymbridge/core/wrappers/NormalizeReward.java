package io.gymbridge.core.wrappers;

import io.gymbridge.core.DType;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Value;

/**
 * Divides rewards by the standard deviation of the discounted return so far, which gives returns of
 * about variance 1. Their mean is left alone.
 *
 * <p>The return is Gymnasium's: G ← γ G + r, where a step that terminates forgets the G before it,
 * and neither a truncation nor a reset does.
 */
public final class NormalizeReward extends Wrapper {
  /** Discount of the return, as in Gymnasium. */
  public static final double GAMMA = 0.99;

  /** Added to the variance, as in Gymnasium. */
  public static final double EPSILON = 1e-8;

  private final double gamma;
  private final double epsilon;
  private final RunningMeanStd statistics = new RunningMeanStd(1, DType.FLOAT64);
  private double discountedReturn;
  private boolean updates = true;

  /** With Gymnasium's gamma and epsilon. */
  public NormalizeReward(Env env) {
    this(env, GAMMA, EPSILON);
  }

  /**
   * Wraps an environment.
   *
   * @param gamma discount of the return, 0 to 1
   * @param epsilon added to the variance, above 0
   */
  public NormalizeReward(Env env, double gamma, double epsilon) {
    super(env);
    check(gamma, epsilon);
    this.gamma = gamma;
    this.epsilon = epsilon;
  }

  static void check(double gamma, double epsilon) {
    if (!(gamma >= 0 && gamma <= 1)) {
      throw new IllegalArgumentException("gamma must be within 0 and 1, got " + gamma);
    }
    ObservationNormalizer.checkEpsilon(epsilon);
  }

  @Override
  public Step step(Value action) {
    Step step = env.step(action);
    double before = step.terminated() ? 0 : discountedReturn * gamma;
    discountedReturn = before + step.reward();
    if (updates) {
      statistics.update(new double[] {discountedReturn});
    }
    return new Step(
        step.observation(),
        step.reward() / statistics.deviation(epsilon),
        step.terminated(),
        step.truncated(),
        step.info());
  }

  /** Whether rewards still change the statistics; they do at first. */
  public boolean updateRunningMean() {
    return updates;
  }

  /** Lets rewards change the statistics, or not. */
  public void setUpdateRunningMean(boolean on) {
    updates = on;
  }

  /** The statistics of the discounted return; the return itself is no part of them. */
  public RunningMeanStd.State state() {
    return statistics.state();
  }

  /** Goes on with saved statistics and a return of 0. */
  public void restore(RunningMeanStd.State state) {
    statistics.restore(state);
    discountedReturn = 0;
  }

  @Override
  protected void exchange(EnvState state) {
    statistics.exchange(state);
    discountedReturn = state.real(discountedReturn);
    updates = state.flag(updates);
  }
}
