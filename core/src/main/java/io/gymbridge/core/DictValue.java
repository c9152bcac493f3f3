package io.gymbridge.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * An element (or batch) of a {@link Dict} space.
 *
 * @param parts one value per name of the space, in the space's order
 */
public record DictValue(Map<String, Value> parts) implements Value {
  public DictValue {
    parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
  }

  /** The part called {@code name}; {@link IllegalArgumentException} where there is none. */
  public Value part(String name) {
    Value part = parts.get(name);
    if (part == null) {
      throw new IllegalArgumentException("no part \"" + name + "\": there are " + parts.keySet());
    }
    return part;
  }

  @Override
  public int batchSize() {
    return parts.values().iterator().next().batchSize();
  }

  @Override
  public Value row(int index) {
    return mapped(part -> part.row(index));
  }

  @Override
  public Value take(int[] indices) {
    return mapped(part -> part.take(indices));
  }

  private DictValue mapped(UnaryOperator<Value> function) {
    Map<String, Value> mapped = new LinkedHashMap<>();
    parts.forEach((name, part) -> mapped.put(name, function.apply(part)));
    return new DictValue(mapped);
  }
}
