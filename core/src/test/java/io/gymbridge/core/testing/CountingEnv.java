package io.gymbridge.core.testing;

import io.gymbridge.core.Box;
import io.gymbridge.core.CheckedEnv;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Counts its steps, and ends after five of them. Its observation is {@code float32[2]}: steps since
 * the reset, and the seed of the last seeded reset (−1 before); its reward is the action, one of 0,
 * 1, 2. The Python tests' environment {@code counting} is the same.
 */
public final class CountingEnv implements Env {
  /** Steps of an episode. */
  public static final int LENGTH = 5;

  private static final EnvSpec SPEC =
      new EnvSpec(
          "Counting",
          Box.of(DType.FLOAT32, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 2),
          new Discrete(3),
          0,
          OptionalDouble.empty(),
          Map.of());

  private final boolean truncates;
  private int count;
  private long seed = -1;

  private CountingEnv(boolean truncates) {
    this.truncates = truncates;
  }

  /** One that terminates. */
  public static Env terminating() {
    return new CheckedEnv(new CountingEnv(false));
  }

  /** One that is truncated. */
  public static Env truncating() {
    return new CheckedEnv(new CountingEnv(true));
  }

  @Override
  public EnvSpec spec() {
    return SPEC;
  }

  @Override
  public Reset reset(@Nullable Long newSeed, Map<String, ?> options) {
    seed = newSeed == null ? seed : newSeed;
    count = 0;
    return new Reset(observation(), info());
  }

  @Override
  public Step step(Value action) {
    count++;
    boolean ends = count >= LENGTH;
    return new Step(
        observation(), action.array().getDouble(0), ends && !truncates, ends && truncates, info());
  }

  private Value observation() {
    return NdArray.of(new float[] {count, seed}, 2);
  }

  private Map<String, Object> info() {
    return Map.of("count", (long) count);
  }

  @Override
  public @Nullable NdArray render() {
    return null;
  }

  @Override
  public void close() {}
}
