package io.gymbridge.core;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A product of spaces, told apart by position.
 *
 * @param spaces the parts, in order
 */
public record Tuple(List<Space> spaces) implements Space {
  public Tuple {
    spaces = List.copyOf(spaces);
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
  public TupleValue sample(RandomGenerator random, Mask mask) {
    List<Value> parts = new ArrayList<>();
    for (int i = 0; i < spaces.size(); i++) {
      parts.add(spaces.get(i).sample(random, Products.part(mask, i, spaces.size(), this)));
    }
    return new TupleValue(parts);
  }

  @Override
  public Value emptyBatch() {
    TupleValue parts = new TupleValue(spaces.stream().map(Space::emptyBatch).toList());
    return spaces.isEmpty() ? new UnitBatch(parts, 0) : parts;
  }

  @Override
  public Tuple batch(int n) {
    return new Tuple(spaces.stream().map(part -> part.batch(n)).toList());
  }

  @Override
  public boolean isFlattenable() {
    return Products.areFlattenable(spaces);
  }

  @Override
  public int flatSize() {
    return Products.flatSize(spaces);
  }

  @Override
  public Space flatSpace() {
    return isFlattenable()
        ? Products.flatSpace(spaces)
        : new Tuple(spaces.stream().map(Space::flatSpace).toList());
  }

  @Override
  public Value flatten(Value member) {
    List<Value> parts = parts(member);
    List<Value> flat = new ArrayList<>();
    for (int i = 0; i < spaces.size(); i++) {
      flat.add(spaces.get(i).flatten(parts.get(i)));
    }
    return isFlattenable() ? Products.join(flat) : new TupleValue(flat);
  }

  @Override
  public TupleValue unflatten(Value flat) {
    List<Value> parts = isFlattenable() ? Products.split(flat, spaces, this) : parts(flat);
    List<Value> members = new ArrayList<>();
    for (int i = 0; i < spaces.size(); i++) {
      members.add(spaces.get(i).unflatten(parts.get(i)));
    }
    return new TupleValue(members);
  }

  private List<Value> parts(Value value) {
    if (value instanceof TupleValue tuple && tuple.parts().size() == spaces.size()) {
      return tuple.parts();
    }
    throw Products.unexpected(value, this);
  }

  @Override
  public String toString() {
    return "Tuple(" + Products.describe(spaces) + ")";
  }
}
