package io.gymbridge.core.wrappers;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@link FlattenObservation} for a batch; final observations are flattened too. */
public final class VectorFlattenObservation extends VectorWrapper {
  private final EnvSpec spec;

  public VectorFlattenObservation(VectorEnv env) {
    super(env);
    spec = env.spec().withObservationSpace(env.spec().observationSpace().flatSpace());
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    Reset reset = env.reset(seeds, lanes, options);
    return reset.withObservations(flat(reset.observations()));
  }

  @Override
  public Step step(Value actions) {
    Step step = env.step(actions);
    Value finals = step.finalObservations();
    return step.withObservations(flat(step.observations()), finals == null ? null : flat(finals));
  }

  private Value flat(Value batch) {
    Space space = env.spec().observationSpace();
    List<Value> rows = new ArrayList<>();
    for (int i = 0; i < batch.batchSize(); i++) {
      rows.add(space.flatten(batch.row(i)));
    }
    return Value.stack(rows);
  }

  @Override
  protected void exchange(EnvState state, int lane) {}

  @Override
  protected Value shown(Value observations) {
    return flat(observations);
  }
}
