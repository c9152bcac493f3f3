package io.gymbridge.core;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * An element (or batch) of a {@link Tuple} space.
 *
 * @param parts one value per part of the space, in its order; a batch has at least one, see {@link
 *     UnitBatch}
 */
public record TupleValue(List<Value> parts) implements Value {
  public TupleValue {
    parts = List.copyOf(parts);
  }

  /** Joins the parts at each position with {@code join}. */
  static Value joined(List<TupleValue> tuples, Function<List<Value>, Value> join) {
    int size = tuples.get(0).parts.size();
    for (TupleValue tuple : tuples) {
      if (tuple.parts.size() != size) {
        throw new IllegalArgumentException(
            "cannot join tuples of %d and %d parts".formatted(size, tuple.parts.size()));
      }
    }
    if (size == 0) {
      return new UnitBatch(tuples.get(0), tuples.size());
    }
    List<Value> parts = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      int part = i;
      parts.add(join.apply(tuples.stream().map(tuple -> tuple.parts.get(part)).toList()));
    }
    return new TupleValue(parts);
  }

  @Override
  public int batchSize() {
    return commonSize(parts);
  }

  /** The size of batches that stand side by side. */
  static int commonSize(Iterable<Value> parts) {
    int size = -1;
    for (Value part : parts) {
      int partSize = part.batchSize();
      if (size >= 0 && size != partSize) {
        throw new IllegalStateException(
            "the parts are batches of different sizes, %d and %d".formatted(size, partSize));
      }
      size = partSize;
    }
    if (size < 0) {
      throw new IllegalStateException("a single value without parts is not a batch");
    }
    return size;
  }

  @Override
  public Value row(int index) {
    return new TupleValue(parts.stream().map(part -> part.row(index)).toList());
  }

  @Override
  public Value slice(int first, int count) {
    return new TupleValue(parts.stream().map(part -> part.slice(first, count)).toList());
  }

  @Override
  public Value take(int[] indices) {
    return new TupleValue(parts.stream().map(part -> part.take(indices)).toList());
  }
}
