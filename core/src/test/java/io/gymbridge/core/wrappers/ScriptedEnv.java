package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.wrappers.Recording.Line;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Plays one lane of a recorded script back, whatever the actions. */
final class ScriptedEnv implements Env {
  private final List<Line> moments;
  private final DType dtype;
  private int next;

  private ScriptedEnv(List<Line> moments, DType dtype) {
    this.moments = moments;
    this.dtype = dtype;
  }

  /**
   * Makes lane 0 first, then lane 1, …: "cartpole" and "offset" in float32, "pendulum" in float64.
   */
  static Supplier<Env> lanes(String script) {
    DType dtype = script.equals("pendulum") ? DType.FLOAT64 : DType.FLOAT32;
    List<Line> all = Recording.read(script);
    Iterator<Integer> lanes = List.of(0, 1, 2).iterator();
    return () -> {
      int lane = lanes.next();
      return new ScriptedEnv(all.stream().filter(line -> line.values()[0] == lane).toList(), dtype);
    };
  }

  @Override
  public EnvSpec spec() {
    return new EnvSpec(
        "Scripted",
        Box.of(
            dtype,
            Double.NEGATIVE_INFINITY,
            Double.POSITIVE_INFINITY,
            moments.get(0).values().length - 4),
        new Discrete(2),
        0,
        OptionalDouble.empty(),
        Map.of());
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    while (next > 0 && !terminated() && !truncated()) {
      next++;
    }
    next++;
    return new Reset(observation(), Map.of());
  }

  @Override
  public Step step(Value action) {
    next++;
    return new Step(observation(), now()[3], terminated(), truncated(), Map.of());
  }

  private double[] now() {
    return moments.get(next - 1).values();
  }

  private boolean truncated() {
    return now()[1] != 0;
  }

  private boolean terminated() {
    return now()[2] != 0;
  }

  private Value observation() {
    double[] values = moments.get(next - 1).from(4);
    return NdArray.ofDoubles(dtype, values, values.length);
  }

  @Override
  public @Nullable NdArray render() {
    return null;
  }

  @Override
  public void close() {}
}
