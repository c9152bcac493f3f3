package io.gymbridge.core.wrappers;

import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Value;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Shifts and scales observations to mean 0 and variance 1, by the statistics of all observations
 * seen so far, this one included; they become {@code float32} without bounds.
 *
 * <p>Calculates in {@code float32} where the observations are, in {@code float64} otherwise, as
 * Gymnasium does: see {@link RunningMeanStd}.
 */
public final class NormalizeObservation extends Wrapper {
  /** Added to the variance, as in Gymnasium. */
  public static final double EPSILON = 1e-8;

  private final ObservationNormalizer normalizer;
  private final EnvSpec spec;

  /** With Gymnasium's epsilon. */
  public NormalizeObservation(Env env) {
    this(env, EPSILON);
  }

  /**
   * Wraps an environment whose observations are single arrays.
   *
   * @param epsilon added to the variance, above 0
   * @throws IllegalArgumentException for other observations
   */
  public NormalizeObservation(Env env, double epsilon) {
    super(env);
    normalizer = new ObservationNormalizer(env.spec().observationSpace(), epsilon);
    spec = env.spec().withObservationSpace(normalizer.space());
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    Reset reset = env.reset(seed, options);
    return reset.withObservation(normalized(reset.observation()));
  }

  @Override
  public Step step(Value action) {
    Step step = env.step(action);
    return step.withObservation(normalized(step.observation()));
  }

  private Value normalized(Value observation) {
    Value batch = Value.stack(List.of(observation));
    normalizer.update(batch);
    return normalizer.normalize(batch).row(0);
  }

  /** Whether observations still change the statistics; they do at first. */
  public boolean updateRunningMean() {
    return normalizer.updates();
  }

  /** Lets observations change the statistics, or not: switch it off to evaluate. */
  public void setUpdateRunningMean(boolean on) {
    normalizer.setUpdates(on);
  }

  /** The statistics, for a file or for another wrapper. */
  public RunningMeanStd.State state() {
    return normalizer.statistics().state();
  }

  /** Goes on with saved statistics. */
  public void restore(RunningMeanStd.State state) {
    normalizer.statistics().restore(state);
  }

  @Override
  protected void exchange(EnvState state) {
    normalizer.exchange(state);
  }
}
