package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.CheckedEnv;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** Observes the action it got, and ends with the second. */
final class ReceivingEnv implements Env {
  private final Box actions;
  private int steps;

  private ReceivingEnv(Box actions) {
    this.actions = actions;
  }

  /** One that refuses actions outside its space. */
  static Env of(Box actions) {
    return new CheckedEnv(new ReceivingEnv(actions));
  }

  @Override
  public EnvSpec spec() {
    return new EnvSpec("Receiving", actions, actions, 0, OptionalDouble.empty(), Map.of());
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    steps = 0;
    return new Reset(actions.low(), Map.of());
  }

  @Override
  public Step step(Value action) {
    steps++;
    return new Step(action, 0, false, steps == 2, Map.of());
  }

  @Override
  public @Nullable NdArray render() {
    return null;
  }

  @Override
  public void close() {}
}
