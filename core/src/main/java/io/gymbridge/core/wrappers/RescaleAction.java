package io.gymbridge.core.wrappers;

import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;

/**
 * Takes actions in chosen bounds and maps them linearly onto those of the environment's {@link
 * io.gymbridge.core.Box}. An action outside the chosen bounds is refused.
 */
public final class RescaleAction extends Wrapper {
  private final ActionRescaling rescaling;
  private final EnvSpec spec;

  /**
   * With the same bounds for all components.
   *
   * @throws IllegalArgumentException if the action space is no Box of a floating type, if the
   *     bounds leave no room between them, or if a bound is infinite where the environment's is
   *     not, or the other way round
   */
  public RescaleAction(Env env, double minAction, double maxAction) {
    this(
        env, new ActionRescaling(BoxActions.of(env.spec(), "RescaleAction"), minAction, maxAction));
  }

  /** With bounds for each component, in arrays of the action space's shape; errors likewise. */
  public RescaleAction(Env env, NdArray minAction, NdArray maxAction) {
    this(
        env, new ActionRescaling(BoxActions.of(env.spec(), "RescaleAction"), minAction, maxAction));
  }

  private RescaleAction(Env env, ActionRescaling rescaling) {
    super(env);
    this.rescaling = rescaling;
    this.spec = env.spec().withActionSpace(rescaling.source());
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Step step(Value action) {
    return env.step(rescaling.apply(BoxActions.batchOfOne(action, rescaling.source())).row(0));
  }

  @Override
  protected void exchange(EnvState state) {}
}
