package io.gymbridge.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * An element (or batch) of a {@link Dict} space.
 *
 * @param parts one value per name of the space, in the space's order; a batch has at least one, see
 *     {@link UnitBatch}
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

  /** Joins the parts of each name with {@code join}. */
  static Value joined(List<DictValue> dicts, Function<List<Value>, Value> join) {
    Map<String, Value> parts = new LinkedHashMap<>();
    for (DictValue dict : dicts) {
      if (!dict.parts.keySet().equals(dicts.get(0).parts.keySet())) {
        throw new IllegalArgumentException(
            "cannot join dicts of %s and %s"
                .formatted(dicts.get(0).parts.keySet(), dict.parts.keySet()));
      }
    }
    if (dicts.get(0).parts.isEmpty()) {
      return new UnitBatch(dicts.get(0), dicts.size());
    }
    for (String name : dicts.get(0).parts.keySet()) {
      parts.put(name, join.apply(dicts.stream().map(dict -> dict.part(name)).toList()));
    }
    return new DictValue(parts);
  }

  @Override
  public int batchSize() {
    return TupleValue.commonSize(parts.values());
  }

  @Override
  public Value row(int index) {
    return mapped(part -> part.row(index));
  }

  @Override
  public Value slice(int first, int count) {
    return mapped(part -> part.slice(first, count));
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
