package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;

/** {@link ClipAction} for a batch. */
public final class VectorClipAction extends VectorWrapper {
  private final Box bounds;
  private final EnvSpec spec;

  /** Parameters and errors as {@link ClipAction}'s. */
  public VectorClipAction(VectorEnv env) {
    super(env);
    bounds = BoxActions.of(env.spec(), "VectorClipAction");
    spec = env.spec().withActionSpace(ClipAction.unbounded(bounds));
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Step step(Value actions) {
    return env.step(bounds.clip(BoxActions.batch(actions, bounds, numEnvs())));
  }

  @Override
  protected void exchange(EnvState state, int lane) {}
}
