package io.gymbridge.core.wrappers;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * {@link NormalizeObservation} for a batch: one set of statistics for all lanes.
 *
 * <p>Every observation counts once, and a step's all count before any is normalised. Gymnasium's
 * refuses what is not NEXT_STEP with resets of all lanes; here, SAME_STEP's final observations
 * count and are normalised with the others of their step, and after a reset of some lanes those
 * that stay are normalised anew but don't count again.
 */
public final class VectorNormalizeObservation extends VectorWrapper {
  private final ObservationNormalizer normalizer;
  private final EnvSpec spec;

  /** With Gymnasium's epsilon, 1e-8. */
  public VectorNormalizeObservation(VectorEnv env) {
    this(env, NormalizeObservation.EPSILON);
  }

  /** Parameters and errors as {@link NormalizeObservation}'s. */
  public VectorNormalizeObservation(VectorEnv env, double epsilon) {
    super(env);
    normalizer = new ObservationNormalizer(env.spec().observationSpace(), epsilon);
    spec = env.spec().withObservationSpace(normalizer.space());
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    Reset reset = env.reset(seeds, lanes, options);
    Value observations = reset.observations();
    Value begun = lanes == null ? observations : observations.take(where(lanes));
    if (begun.batchSize() > 0) {
      normalizer.update(begun);
    }
    return reset.withObservations(normalizer.normalize(observations));
  }

  private static int[] where(boolean[] lanes) {
    return IntStream.range(0, lanes.length).filter(lane -> lanes[lane]).toArray();
  }

  @Override
  public Step step(Value actions) {
    Step step = env.step(actions);
    Value observations = step.observations();
    Value finals = step.finalObservations();
    normalizer.update(
        finals == null ? observations : Value.concatenate(List.of(observations, finals)));
    return step.withObservations(
        normalizer.normalize(observations), finals == null ? null : normalizer.normalize(finals));
  }

  /** Whether observations still change the statistics; they do at first. */
  public boolean updateRunningMean() {
    return normalizer.updates();
  }

  /** Lets observations change the statistics, or not: switch it off to evaluate. */
  public void setUpdateRunningMean(boolean on) {
    normalizer.setUpdates(on);
  }

  /** The statistics, for a file or for another wrapper, also one of a single environment. */
  public RunningMeanStd.State state() {
    return normalizer.statistics().state();
  }

  /** Goes on with saved statistics. */
  public void restore(RunningMeanStd.State state) {
    normalizer.statistics().restore(state);
  }

  @Override
  protected void exchange(EnvState state, int lane) {
    normalizer.exchange(state);
  }

  @Override
  protected Value shown(Value observations) {
    return normalizer.normalize(observations);
  }
}
