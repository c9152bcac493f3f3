package io.gymbridge.core;

import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A product of spaces, told apart by position.
 *
 * @param spaces the parts, in order, at least one
 */
public record Tuple(List<Space> spaces) implements Space {
  public Tuple {
    spaces = List.copyOf(spaces);
    if (spaces.isEmpty()) {
      throw new IllegalArgumentException("a Tuple space wants at least one part");
    }
  }

  @Override
  public @Nullable String whyNot(Value value) {
    if (!(value instanceof TupleValue tuple) || tuple.parts().size() != spaces.size()) {
      return "expected a tuple of %d parts".formatted(spaces.size());
    }
    for (int i = 0; i < spaces.size(); i++) {
      String mismatch = spaces.get(i).whyNot(tuple.parts().get(i));
      if (mismatch != null) {
        return "part " + i + ": " + mismatch;
      }
    }
    return null;
  }

  @Override
  public TupleValue sample(RandomGenerator random) {
    return new TupleValue(spaces.stream().map(space -> space.sample(random)).toList());
  }

  @Override
  public int flatSize() {
    return spaces.stream().mapToInt(Space::flatSize).sum();
  }
}
