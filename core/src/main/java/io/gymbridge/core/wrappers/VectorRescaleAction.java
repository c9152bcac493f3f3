package io.gymbridge.core.wrappers;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;

/** {@link RescaleAction} for a batch. */
public final class VectorRescaleAction extends VectorWrapper {
  private final ActionRescaling rescaling;
  private final EnvSpec spec;

  /** With the same bounds for all components; errors as {@link RescaleAction}'s. */
  public VectorRescaleAction(VectorEnv env, double minAction, double maxAction) {
    this(
        env,
        new ActionRescaling(
            BoxActions.of(env.spec(), "VectorRescaleAction"), minAction, maxAction));
  }

  /** With bounds for each component, in arrays of a single action's shape; errors likewise. */
  public VectorRescaleAction(VectorEnv env, NdArray minAction, NdArray maxAction) {
    this(
        env,
        new ActionRescaling(
            BoxActions.of(env.spec(), "VectorRescaleAction"), minAction, maxAction));
  }

  private VectorRescaleAction(VectorEnv env, ActionRescaling rescaling) {
    super(env);
    this.rescaling = rescaling;
    this.spec = env.spec().withActionSpace(rescaling.source());
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Step step(Value actions) {
    return env.step(rescaling.apply(BoxActions.batch(actions, rescaling.source(), numEnvs())));
  }

  @Override
  protected void exchange(EnvState state, int lane) {}
}
