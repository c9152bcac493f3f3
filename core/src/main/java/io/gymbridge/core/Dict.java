package io.gymbridge.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A product of spaces, told apart by name.
 *
 * @param spaces the parts, at least one; their order is kept, and is the order on the wire
 */
public record Dict(Map<String, Space> spaces) implements Space {
  public Dict {
    spaces = Collections.unmodifiableMap(new LinkedHashMap<>(spaces));
    if (spaces.isEmpty()) {
      throw new IllegalArgumentException("a Dict space wants at least one part");
    }
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
  public DictValue sample(RandomGenerator random) {
    Map<String, Value> parts = new LinkedHashMap<>();
    spaces.forEach((name, space) -> parts.put(name, space.sample(random)));
    return new DictValue(parts);
  }

  @Override
  public int flatSize() {
    return spaces.values().stream().mapToInt(Space::flatSize).sum();
  }
}
