package io.gymbridge.core;

import java.util.List;
import java.util.Objects;

/**
 * A batch of N {@link SequenceValue}s.
 *
 * @param offsets where each sequence begins in {@code elements}
 * @param elements a batch of all sequences' elements, end to end
 */
public record SequenceBatch(Offsets offsets, Value elements) implements Value {
  public SequenceBatch {
    if (elements.batchSize() != offsets.total()) {
      throw new IllegalArgumentException(
          "the offsets end at %d, there are %d elements"
              .formatted(offsets.total(), elements.batchSize()));
    }
  }

  static SequenceBatch of(List<SequenceValue> sequences) {
    return new SequenceBatch(
        Offsets.ofLengths(sequences.stream().mapToInt(SequenceValue::length).toArray()),
        Value.concatenate(sequences.stream().map(SequenceValue::elements).toList()));
  }

  static SequenceBatch concatenate(List<SequenceBatch> batches) {
    return new SequenceBatch(
        Offsets.concatenate(batches.stream().map(SequenceBatch::offsets).toList()),
        Value.concatenate(batches.stream().map(SequenceBatch::elements).toList()));
  }

  @Override
  public int batchSize() {
    return offsets.count();
  }

  @Override
  public SequenceValue row(int index) {
    Objects.checkIndex(index, batchSize());
    return new SequenceValue(elements.slice(offsets.start(index), offsets.length(index)));
  }

  @Override
  public SequenceBatch slice(int first, int count) {
    Offsets sliced = offsets.slice(first, count);
    return new SequenceBatch(sliced, elements.slice(offsets.start(first), sliced.total()));
  }

  @Override
  public SequenceBatch take(int[] indices) {
    return new SequenceBatch(offsets.take(indices), elements.take(offsets.entries(indices)));
  }
}
