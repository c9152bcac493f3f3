package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Counts its steps in every kind of space at once; terminates after three. It observes one part
 * ("number": a Discrete) or "all" of them.
 */
final class CompositeEnv implements Env {
  static final int LENGTH = 3;

  private final String part;
  private int count;

  CompositeEnv(String part) {
    this.part = part;
  }

  private static Map<String, Space> parts() {
    Map<String, Space> parts = new LinkedHashMap<>();
    parts.put("number", new Discrete(LENGTH + 1, 0, DType.INT64));
    parts.put("numbers", MultiDiscrete.of(LENGTH + 1, 2));
    parts.put("bits", MultiBinary.of(2));
    parts.put("pair", new Tuple(List.of(Box.of(DType.FLOAT32, 0, 9, 2), new Discrete(2))));
    return parts;
  }

  @Override
  public EnvSpec spec() {
    Space all = new Dict(parts());
    Space observed = parts().getOrDefault(part, all);
    return new EnvSpec("Composite", observed, new Discrete(2), 0, OptionalDouble.empty(), Map.of());
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    count = 0;
    return new Reset(observation(), Map.of());
  }

  @Override
  public Step step(Value action) {
    count++;
    return new Step(observation(), 1, count == LENGTH, false, Map.of());
  }

  private Value observation() {
    int bit = count % 2;
    Map<String, Value> parts = new LinkedHashMap<>();
    parts.put("number", NdArray.of(new long[] {count}));
    parts.put("numbers", NdArray.of(new long[] {count, bit}, 2));
    parts.put("bits", NdArray.ofLongs(DType.INT8, new long[] {bit, 1 - bit}, 2));
    Value box = NdArray.of(new float[] {count, 2 * count}, 2);
    parts.put("pair", new TupleValue(List.of(box, NdArray.of(new long[] {bit}))));
    return parts.getOrDefault(part, new DictValue(parts));
  }

  @Override
  public @Nullable NdArray render() {
    return null;
  }

  @Override
  public String renderText() {
    return "count " + count;
  }

  @Override
  public void close() {}
}
