package io.gymbridge.core;

/**
 * An element of a {@link Sequence} space.
 *
 * @param elements a batch of the sequence's elements; for an empty sequence the element space's
 *     {@link Space#emptyBatch}
 */
public record SequenceValue(Value elements) implements Value {
  public SequenceValue {
    elements.batchSize();
  }

  /** Number of elements. */
  public int length() {
    return elements.batchSize();
  }
}
