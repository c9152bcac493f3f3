package io.gymbridge.core.wrappers;

import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Observes the last few observations at once, stacked along a new first dimension, oldest first.
 */
public final class FrameStackObservation extends Wrapper {
  private final FrameStack frames;
  private final EnvSpec spec;

  /** With {@link FramePadding#RESET}. */
  public FrameStackObservation(Env env, int stackSize) {
    this(env, stackSize, FramePadding.RESET);
  }

  /**
   * Wraps an environment.
   *
   * @param stackSize observations in a stack, at least 1
   * @param padding what fills the stack at an episode's beginning
   */
  public FrameStackObservation(Env env, int stackSize, FramePadding padding) {
    super(env);
    frames = new FrameStack(env.spec().observationSpace(), stackSize, padding);
    spec = env.spec().withObservationSpace(env.spec().observationSpace().batch(stackSize));
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    Reset reset = env.reset(seed, options);
    frames.reset(reset.observation());
    return reset.withObservation(frames.stacked());
  }

  @Override
  public Step step(Value action) {
    Step step = env.step(action);
    frames.add(step.observation());
    return step.withObservation(frames.stacked());
  }

  @Override
  protected void exchange(EnvState state) {
    frames.exchange(state);
  }
}
