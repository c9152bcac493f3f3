package io.gymbridge.server;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Counts its steps, and does in each what a test says. Its observation is {@code float32[2]}: steps
 * since the reset, and the seed of the last seeded reset (−1 before).
 */
final class ScriptedEnv implements Env {
  /** Environments that were closed. */
  static final AtomicInteger CLOSED = new AtomicInteger();

  private static final EnvSpec SPEC =
      new EnvSpec(
          "Scripted",
          Box.of(DType.FLOAT32, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 2),
          new Discrete(3),
          0,
          OptionalDouble.empty(),
          Map.of());

  /** What a step does. */
  interface Script {
    /**
     * Takes the place of a step.
     *
     * @param count number of the step, 1 for the first one of an episode
     * @param usual what a well-behaved environment returns
     */
    Step step(int count, Step usual);
  }

  private final Script script;
  private int count;
  private long seed = -1;

  ScriptedEnv(Script script) {
    this.script = script;
  }

  /** Whose episodes have so many steps. */
  static Env ofLength(int steps) {
    return new ScriptedEnv(
        (count, usual) ->
            new Step(
                usual.observation(),
                usual.reward(),
                count >= steps,
                false,
                Map.of("count", count)));
  }

  @Override
  public EnvSpec spec() {
    return SPEC;
  }

  @Override
  public Reset reset(@Nullable Long newSeed, Map<String, ?> options) {
    seed = newSeed == null ? seed : newSeed;
    count = options.get("start") instanceof Long start ? Math.toIntExact(start) : 0;
    return new Reset(observation(), Map.of("count", (long) count));
  }

  @Override
  public Step step(Value action) {
    count++;
    return script.step(
        count, new Step(observation(), action.array().getLong(0), false, false, Map.of()));
  }

  private Value observation() {
    return NdArray.of(new float[] {count, seed}, 2);
  }

  @Override
  public @Nullable NdArray render() {
    return null;
  }

  @Override
  public void close() {
    CLOSED.incrementAndGet();
  }
}
