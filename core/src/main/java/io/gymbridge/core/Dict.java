package io.gymbridge.core;

import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A product of spaces, told apart by name.
 *
 * @param spaces the parts; their order is kept, and is the order on the wire
 */
public record Dict(Map<String, Space> spaces) implements Space {
  public Dict {
    spaces = Collections.unmodifiableMap(new LinkedHashMap<>(spaces));
  }

  @Override
  public @Nullable String whyNot(Value value) {
    if (!(value instanceof DictValue dict) || !dict.parts().keySet().equals(spaces.keySet())) {
      return "expected a dict with the keys " + spaces.keySet();
    }
    for (Map.Entry<String, Space> part : spaces.entrySet()) {
      String mismatch = part.getValue().whyNot(dict.part(part.getKey()));
      if (mismatch != null) {
        return "part \"" + part.getKey() + "\": " + mismatch;
      }
    }
    return null;
  }

  @Override
  public DictValue sample(RandomGenerator random, Mask mask) {
    return values((name, space) -> space.sample(random, part(mask, name)));
  }

  private Mask part(Mask mask, String name) {
    if (mask instanceof Mask.None) {
      return mask;
    }
    Mask part =
        mask instanceof Mask.Named named && named.parts().keySet().equals(spaces.keySet())
            ? named.parts().get(name)
            : null;
    if (part == null) {
      throw mask.refusal(this, "Mask.Named with the keys " + spaces.keySet());
    }
    return part;
  }

  @Override
  public Value emptyBatch() {
    DictValue parts = values((name, space) -> space.emptyBatch());
    return spaces.isEmpty() ? new UnitBatch(parts, 0) : parts;
  }

  @Override
  public Dict batch(int n) {
    return new Dict(mapped((name, space) -> space.batch(n)));
  }

  @Override
  public boolean isFlattenable() {
    return Products.areFlattenable(spaces.values());
  }

  @Override
  public int flatSize() {
    return Products.flatSize(spaces.values());
  }

  @Override
  public Space flatSpace() {
    return isFlattenable()
        ? Products.flatSpace(spaces.values())
        : new Dict(mapped((name, space) -> space.flatSpace()));
  }

  @Override
  public Value flatten(Value member) {
    DictValue dict = dict(member);
    Map<String, Value> flat = mapped((name, space) -> space.flatten(dict.part(name)));
    return isFlattenable() ? Products.join(List.copyOf(flat.values())) : new DictValue(flat);
  }

  @Override
  public DictValue unflatten(Value flat) {
    if (!isFlattenable()) {
      DictValue dict = dict(flat);
      return values((name, space) -> space.unflatten(dict.part(name)));
    }
    Iterator<Value> parts = Products.split(flat, spaces.values(), this).iterator();
    return values((name, space) -> space.unflatten(parts.next()));
  }

  private DictValue dict(Value value) {
    if (value instanceof DictValue dict && dict.parts().keySet().equals(spaces.keySet())) {
      return dict;
    }
    throw Products.unexpected(value, this);
  }

  private DictValue values(BiFunction<String, Space, Value> function) {
    return new DictValue(mapped(function));
  }

  /** What a function makes of each part, in order. */
  private <T> Map<String, T> mapped(BiFunction<String, Space, T> function) {
    Map<String, T> mapped = new LinkedHashMap<>();
    spaces.forEach((name, space) -> mapped.put(name, function.apply(name, space)));
    return mapped;
  }

  @Override
  public String toString() {
    return "Dict" + spaces;
  }
}
