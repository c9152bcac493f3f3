package io.gymbridge.core;

import java.util.List;

/**
 * An element (or batch) of a {@link Tuple} space.
 *
 * @param parts one value per part of the space, in its order
 */
public record TupleValue(List<Value> parts) implements Value {
  public TupleValue {
    parts = List.copyOf(parts);
  }

  @Override
  public int batchSize() {
    return parts.get(0).batchSize();
  }

  @Override
  public Value row(int index) {
    return new TupleValue(parts.stream().map(part -> part.row(index)).toList());
  }

  @Override
  public Value take(int[] indices) {
    return new TupleValue(parts.stream().map(part -> part.take(indices)).toList());
  }
}
