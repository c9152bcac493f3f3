package io.gymbridge.core;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Truncates episodes after {@link EnvSpec#maxEpisodeSteps} steps, as Gymnasium's wrapper of that
 * name does.
 */
public final class TimeLimit implements StatefulEnv {
  private final Env env;
  private final long maxEpisodeSteps;
  private long steps;

  /** Limits {@code env} to what its own spec says. */
  public TimeLimit(Env env) {
    maxEpisodeSteps = env.spec().maxEpisodeSteps();
    if (maxEpisodeSteps < 1) {
      throw new IllegalArgumentException(env.spec().id() + " has no limit of steps");
    }
    this.env = env;
  }

  @Override
  public EnvSpec spec() {
    return env.spec();
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    begin();
    return env.reset(seed, options);
  }

  /** Counts from 0 again. */
  void begin() {
    steps = 0;
  }

  /** Counts a step; true where it is the last one. */
  boolean tick() {
    steps++;
    return steps >= maxEpisodeSteps;
  }

  @Override
  public Step step(Value action) {
    Step step = env.step(action);
    return tick()
        ? new Step(step.observation(), step.reward(), step.terminated(), true, step.info())
        : step;
  }

  @Override
  public @Nullable NdArray render() {
    return env.render();
  }

  @Override
  public @Nullable String renderText() {
    return env.renderText();
  }

  @Override
  public Attributes attributes() {
    return env.attributes();
  }

  @Override
  public byte[] saveState() {
    return EnvState.save("TimeLimit", 1, this::exchange);
  }

  @Override
  public void restoreState(byte[] state) {
    EnvState.restore(state, "TimeLimit", 1, this::exchange);
  }

  private void exchange(EnvState state) {
    state.inner(env);
    steps = state.integer(steps);
  }

  @Override
  public void close() {
    env.close();
  }
}
