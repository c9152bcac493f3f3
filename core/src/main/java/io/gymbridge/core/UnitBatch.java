package io.gymbridge.core;

import java.util.List;
import java.util.Objects;

/**
 * A batch of N empty tuples or dicts, which have no part that could say how many they are.
 *
 * @param unit the empty value
 * @param batchSize N
 */
public record UnitBatch(Value unit, int batchSize) implements Value {
  public UnitBatch {
    boolean empty =
        unit instanceof TupleValue tuple
            ? tuple.parts().isEmpty()
            : unit instanceof DictValue dict && dict.parts().isEmpty();
    if (!empty || batchSize < 0) {
      throw new IllegalArgumentException(
          "expected a number of empty tuples or dicts, got %d of %s".formatted(batchSize, unit));
    }
  }

  static UnitBatch concatenate(List<UnitBatch> batches) {
    int size = batches.stream().mapToInt(UnitBatch::batchSize).reduce(0, Math::addExact);
    return new UnitBatch(batches.get(0).unit, size);
  }

  @Override
  public Value row(int index) {
    Objects.checkIndex(index, batchSize);
    return unit;
  }

  @Override
  public UnitBatch slice(int first, int count) {
    Objects.checkFromIndexSize(first, count, batchSize);
    return new UnitBatch(unit, count);
  }

  @Override
  public UnitBatch take(int[] indices) {
    for (int index : indices) {
      Objects.checkIndex(index, batchSize);
    }
    return new UnitBatch(unit, indices.length);
  }
}
