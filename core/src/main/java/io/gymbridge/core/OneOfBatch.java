package io.gymbridge.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A batch of N {@link OneOfValue}s: their choices, and for each alternative a batch of its values.
 */
public final class OneOfBatch implements Value {
  private final NdArray choices;
  private final SortedMap<Integer, Value> alternatives;

  /** Which row of its alternative's batch each value is. */
  private final int[] positions;

  /**
   * Makes a batch.
   *
   * @param choices N of {@code int32}
   * @param alternatives by index, a batch of the values that chose it, in the order of the batch;
   *     none for an alternative that nobody chose
   * @throws IllegalArgumentException if they do not fit
   */
  public OneOfBatch(NdArray choices, Map<Integer, Value> alternatives) {
    if (choices.dtype() != DType.INT32 || choices.shape().length != 1) {
      throw new IllegalArgumentException("choices are a vector of int32, got " + choices);
    }
    this.choices = choices;
    this.alternatives = Collections.unmodifiableSortedMap(new TreeMap<>(alternatives));
    this.positions = new int[choices.size()];
    Map<Integer, Integer> counts = new TreeMap<>();
    for (int i = 0; i < positions.length; i++) {
      positions[i] = counts.merge(choice(i), 1, Integer::sum) - 1;
    }
    Map<Integer, Integer> sizes = new TreeMap<>();
    alternatives.forEach((choice, values) -> sizes.put(choice, values.batchSize()));
    if (!counts.equals(sizes)) {
      throw new IllegalArgumentException(
          "the choices ask for %s values of the alternatives, got %s".formatted(counts, sizes));
    }
  }

  static OneOfBatch of(List<OneOfValue> rows) {
    SortedMap<Integer, List<Value>> chosen = new TreeMap<>();
    for (OneOfValue row : rows) {
      chosen.computeIfAbsent(row.choice(), choice -> new ArrayList<>()).add(row.value());
    }
    Map<Integer, Value> alternatives = new TreeMap<>();
    chosen.forEach((choice, values) -> alternatives.put(choice, Value.stack(values)));
    long[] choices = rows.stream().mapToLong(OneOfValue::choice).toArray();
    return new OneOfBatch(NdArray.ofLongs(DType.INT32, choices, choices.length), alternatives);
  }

  static OneOfBatch concatenate(List<OneOfBatch> batches) {
    SortedMap<Integer, List<Value>> chosen = new TreeMap<>();
    for (OneOfBatch batch : batches) {
      batch.alternatives.forEach(
          (choice, values) -> chosen.computeIfAbsent(choice, c -> new ArrayList<>()).add(values));
    }
    Map<Integer, Value> alternatives = new TreeMap<>();
    chosen.forEach((choice, values) -> alternatives.put(choice, Value.concatenate(values)));
    return new OneOfBatch(
        NdArray.concatenate(batches.stream().map(OneOfBatch::choices).toList()), alternatives);
  }

  /** The index of the alternative that each value chose, N of {@code int32}. */
  public NdArray choices() {
    return choices;
  }

  private int choice(int index) {
    return (int) choices.getLong(index);
  }

  /** By index, a batch of the values that chose an alternative; none where nobody did. */
  public SortedMap<Integer, Value> alternatives() {
    return alternatives;
  }

  @Override
  public int batchSize() {
    return positions.length;
  }

  private Value chosen(int choice) {
    return Objects.requireNonNull(alternatives.get(choice));
  }

  @Override
  public OneOfValue row(int index) {
    int choice = choice(Objects.checkIndex(index, batchSize()));
    return new OneOfValue(choice, chosen(choice).row(positions[index]));
  }

  @Override
  public OneOfBatch slice(int first, int count) {
    Objects.checkFromIndexSize(first, count, batchSize());
    return take(IntStream.range(first, first + count).toArray());
  }

  @Override
  public OneOfBatch take(int[] indices) {
    NdArray taken = choices.take(indices);
    Map<Integer, Value> values = new TreeMap<>();
    for (int choice : alternatives.keySet()) {
      int[] rows =
          Arrays.stream(indices).filter(i -> choice(i) == choice).map(i -> positions[i]).toArray();
      if (rows.length > 0) {
        values.put(choice, chosen(choice).take(rows));
      }
    }
    return new OneOfBatch(taken, values);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OneOfBatch that
        && choices.equals(that.choices)
        && alternatives.equals(that.alternatives);
  }

  @Override
  public int hashCode() {
    return 31 * choices.hashCode() + alternatives.hashCode();
  }

  @Override
  public String toString() {
    return "OneOfBatch[choices=%s, alternatives=%s]".formatted(choices, alternatives);
  }
}
