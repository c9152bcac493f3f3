package io.gymbridge.core.wrappers;

import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Flatten;
import io.gymbridge.core.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns observations of any space into one vector each, as {@link Flatten} does. */
public final class FlattenObservation extends Wrapper {
  private final EnvSpec spec;

  public FlattenObservation(Env env) {
    super(env);
    spec = env.spec().withObservationSpace(Flatten.space(env.spec().observationSpace()));
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
    return Flatten.value(env.spec().observationSpace(), observation);
  }
}
