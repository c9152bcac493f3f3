package io.gymbridge.core;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Where each of N runs begins in a column that holds them end to end: run i covers the column's
 * entries from {@code start(i)} to before {@code start(i + 1)}.
 *
 * @param array N + 1 of {@code int32}, the first 0, none below the one before; the last is the
 *     column's length
 */
public record Offsets(NdArray array) {
  public Offsets {
    if (array.dtype() != DType.INT32 || array.shape().length != 1 || array.size() == 0) {
      throw new IllegalArgumentException(
          "offsets are int32, one more than there are values; got " + array);
    }
    if (array.getLong(0) != 0) {
      throw new IllegalArgumentException("offsets begin at 0, got " + array.getLong(0));
    }
    for (int i = 1; i < array.size(); i++) {
      if (array.getLong(i) < array.getLong(i - 1)) {
        throw new IllegalArgumentException(
            "offset %d is %d, below the one before it, %d"
                .formatted(i, array.getLong(i), array.getLong(i - 1)));
      }
    }
  }

  /**
   * The offsets of runs of the given lengths.
   *
   * @throws ArithmeticException if they are more than an int together
   */
  public static Offsets ofLengths(int... lengths) {
    long[] offsets = new long[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      offsets[i + 1] = Math.addExact((int) offsets[i], lengths[i]);
    }
    return new Offsets(NdArray.ofLongs(DType.INT32, offsets, offsets.length));
  }

  /** Joins the runs of several columns that are themselves joined. */
  static Offsets concatenate(List<Offsets> all) {
    return ofLengths(all.stream().flatMapToInt(Offsets::lengths).toArray());
  }

  /** Number of runs, N. */
  public int count() {
    return array.size() - 1;
  }

  /** Where run {@code index} begins; for N, where the last one ends. */
  public int start(int index) {
    return (int) array.getLong(index);
  }

  /** Number of entries in run {@code index}. */
  public int length(int index) {
    return start(index + 1) - start(index);
  }

  /** Number of entries in all runs together. */
  public int total() {
    return start(count());
  }

  private IntStream lengths() {
    return IntStream.range(0, count()).map(this::length);
  }

  /** The offsets of some runs, once {@link #entries} have been taken from the column. */
  Offsets take(int[] indices) {
    return ofLengths(IntStream.of(indices).map(this::checkedLength).toArray());
  }

  /** The offsets of {@code count} runs from {@code first} on, on their own. */
  Offsets slice(int first, int count) {
    return ofLengths(IntStream.range(first, first + count).map(this::checkedLength).toArray());
  }

  private int checkedLength(int index) {
    return length(java.util.Objects.checkIndex(index, count()));
  }

  /** The entries of some runs, run after run, as indices into the column. */
  int[] entries(int[] indices) {
    return IntStream.of(indices).flatMap(i -> IntStream.range(start(i), start(i + 1))).toArray();
  }
}
