package io.gymbridge.core;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntFunction;

/**
 * An element of a {@link Space}, or a batch of N elements. Immutable and safe to share between
 * threads.
 *
 * <p>Arrays, tuples and dicts hold both: in a batch every array has N as its first dimension. Kinds
 * whose elements vary in size have a class for each: {@link TextValue} and {@link TextBatch},
 * {@link SequenceValue} and {@link SequenceBatch}, {@link GraphValue} and {@link GraphBatch},
 * {@link OneOfValue} and {@link OneOfBatch}; and batches of empty tuples and dicts are {@link
 * UnitBatch}es. A batch is held in columns, as it crosses the wire.
 */
public sealed interface Value
    permits NdArray,
        TupleValue,
        DictValue,
        TextValue,
        TextBatch,
        SequenceValue,
        SequenceBatch,
        GraphValue,
        GraphBatch,
        OneOfValue,
        OneOfBatch,
        UnitBatch {

  /**
   * Number of elements, for a batch; {@link IllegalStateException} for a single element, and where
   * parts are batches of different sizes.
   */
  default int batchSize() {
    throw single();
  }

  /** Element {@code index} of a batch; a view where possible. */
  default Value row(int index) {
    throw single();
  }

  /**
   * The {@code count} elements of a batch from {@code first} on, as a batch; a view if possible.
   */
  default Value slice(int first, int count) {
    throw single();
  }

  /** The elements at {@code indices} of a batch, in that order, as a new batch. */
  default Value take(int[] indices) {
    throw single();
  }

  private IllegalStateException single() {
    return new IllegalStateException("a single " + getClass().getSimpleName() + " is not a batch");
  }

  /** This value as an array; {@link IllegalStateException} where it is anything else. */
  default NdArray array() {
    throw new IllegalStateException(
        "expected an array, got a %s: flatten the space first"
            .formatted(getClass().getSimpleName()));
  }

  /**
   * Makes a batch of single values of the same space; at least one ({@link Space#stack} takes none
   * too).
   *
   * @throws IllegalArgumentException if there are none, or they differ in kind, type or shape
   */
  static Value stack(List<? extends Value> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("cannot stack no values at all");
    }
    Value first = rows.get(0);
    if (first instanceof NdArray) {
      return NdArray.stack(alike(NdArray.class, rows));
    }
    if (first instanceof TupleValue) {
      return TupleValue.joined(alike(TupleValue.class, rows), Value::stack);
    }
    if (first instanceof DictValue) {
      return DictValue.joined(alike(DictValue.class, rows), Value::stack);
    }
    if (first instanceof TextValue) {
      return TextBatch.of(alike(TextValue.class, rows));
    }
    if (first instanceof SequenceValue) {
      return SequenceBatch.of(alike(SequenceValue.class, rows));
    }
    if (first instanceof GraphValue) {
      return GraphBatch.of(alike(GraphValue.class, rows));
    }
    if (first instanceof OneOfValue) {
      return OneOfBatch.of(alike(OneOfValue.class, rows));
    }
    throw new IllegalArgumentException(
        "cannot stack batches, got a %s: concatenate them"
            .formatted(first.getClass().getSimpleName()));
  }

  /**
   * Joins batches of one space end to end; at least one.
   *
   * @throws IllegalArgumentException if there are none, or they differ in kind, type or shape
   */
  static Value concatenate(List<? extends Value> batches) {
    return concatenate(batches, ByteBuffer::allocate);
  }

  /**
   * As {@link #concatenate(List)}, into memory that is given.
   *
   * @param memory gives room for so many bytes, for each array; it is the array's from then on.
   *     Batches of values that vary in size have memory of their own
   */
  static Value concatenate(List<? extends Value> batches, IntFunction<ByteBuffer> memory) {
    if (batches.isEmpty()) {
      throw new IllegalArgumentException("cannot concatenate no batches at all");
    }
    Value first = batches.get(0);
    if (batches.size() == 1) {
      return first;
    }
    if (first instanceof NdArray) {
      return NdArray.concatenate(alike(NdArray.class, batches), memory);
    }
    if (first instanceof TupleValue) {
      return TupleValue.joined(
          alike(TupleValue.class, batches), parts -> concatenate(parts, memory));
    }
    if (first instanceof DictValue) {
      return DictValue.joined(alike(DictValue.class, batches), parts -> concatenate(parts, memory));
    }
    if (first instanceof TextBatch) {
      return TextBatch.concatenate(alike(TextBatch.class, batches));
    }
    if (first instanceof SequenceBatch) {
      return SequenceBatch.concatenate(alike(SequenceBatch.class, batches));
    }
    if (first instanceof GraphBatch) {
      return GraphBatch.concatenate(alike(GraphBatch.class, batches));
    }
    if (first instanceof OneOfBatch) {
      return OneOfBatch.concatenate(alike(OneOfBatch.class, batches));
    }
    if (first instanceof UnitBatch) {
      return UnitBatch.concatenate(alike(UnitBatch.class, batches));
    }
    throw first.single();
  }

  private static <V extends Value> List<V> alike(Class<V> kind, List<? extends Value> values) {
    for (Value value : values) {
      if (!kind.isInstance(value)) {
        throw new IllegalArgumentException(
            "cannot join a %s and a %s"
                .formatted(kind.getSimpleName(), value.getClass().getSimpleName()));
      }
    }
    return values.stream().<V>map(kind::cast).toList();
  }
}
