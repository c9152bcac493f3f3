package io.gymbridge.core;

import io.gymbridge.core.GymException.Kind;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what an environment should never see: a step or a picture before a reset, a step after an
 * end, an action outside the space; Gymnasium's wrapper OrderEnforcing and more. Every environment
 * that {@code gymbridge} makes is wrapped in one, so that authors need not check.
 */
public final class CheckedEnv implements StatefulEnv {
  private final Env env;
  private boolean running;
  private boolean everReset;

  public CheckedEnv(Env env) {
    this.env = env;
  }

  @Override
  public EnvSpec spec() {
    return env.spec();
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    Reset reset = env.reset(seed, options);
    run(true);
    return reset;
  }

  /** An episode has begun, or ended. */
  void run(boolean begun) {
    running = begun;
    everReset = true;
  }

  boolean running() {
    return running;
  }

  @Override
  public Step step(Value action) {
    if (!running) {
      throw new GymException(
          Kind.FAILED_PRECONDITION,
          everReset
              ? "the episode has ended: call reset before step"
              : "call reset before the first step");
    }
    String mismatch = spec().actionSpace().whyNot(action);
    if (mismatch != null) {
      throw new GymException(Kind.INVALID_ARGUMENT, "action: " + mismatch);
    }
    Step step = env.step(action);
    running = !step.terminated() && !step.truncated();
    return step;
  }

  @Override
  public @Nullable NdArray render() {
    if (!everReset) {
      throw new GymException(Kind.FAILED_PRECONDITION, "call reset before render");
    }
    return env.render();
  }

  @Override
  public @Nullable String renderText() {
    if (!everReset) {
      throw new GymException(Kind.FAILED_PRECONDITION, "call reset before renderText");
    }
    return env.renderText();
  }

  @Override
  public Attributes attributes() {
    return env.attributes();
  }

  @Override
  public byte[] saveState() {
    return EnvState.save("CheckedEnv", 1, this::exchange);
  }

  @Override
  public void restoreState(byte[] state) {
    EnvState.restore(state, "CheckedEnv", 1, this::exchange);
  }

  private void exchange(EnvState state) {
    state.inner(env);
    running = state.flag(running);
    everReset = state.flag(everReset);
  }

  @Override
  public void close() {
    env.close();
  }
}
