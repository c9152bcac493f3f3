package io.gymbridge.core.wrappers;

import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns each observation into one vector, as {@link io.gymbridge.core.Space#flatten} does; those of
 * a space that is not flattenable keep their structure, and their parts become vectors.
 */
public final class FlattenObservation extends Wrapper {
  private final EnvSpec spec;

  public FlattenObservation(Env env) {
    super(env);
    spec = env.spec().withObservationSpace(env.spec().observationSpace().flatSpace());
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    Reset reset = env.reset(seed, options);
    return reset.withObservation(flat(reset.observation()));
  }

  @Override
  public Step step(Value action) {
    Step step = env.step(action);
    return step.withObservation(flat(step.observation()));
  }

  private Value flat(Value observation) {
    return env.spec().observationSpace().flatten(observation);
  }

  @Override
  protected void exchange(EnvState state) {}
}
