package io.gymbridge.core;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The integers {start, …, start + n − 1}, each a scalar of {@code dtype}.
 *
 * @param n number of values, at least 1
 * @param start smallest value
 * @param dtype an integer type that holds n and all values, {@code int64} in most environments
 */
public record Discrete(long n, long start, DType dtype) implements Space {
  public Discrete {
    if (n < 1) {
      throw new IllegalArgumentException("n must be at least 1, got " + n);
    }
    if (dtype.isFloating() || dtype == DType.BOOL) {
      throw new IllegalArgumentException(
          "a Discrete space wants an integer type, got " + dtype.numpyName());
    }
    boolean overflows = start + (n - 1) < start || (start < 0 && !dtype.isSigned());
    if (overflows
        || dtype.compare(n, dtype.greatest()) > 0
        || dtype.compare(start, dtype.least()) < 0
        || dtype.compare(start + n - 1, dtype.greatest()) > 0) {
      throw new IllegalArgumentException(
          "%d values from %d on do not fit into %s".formatted(n, start, dtype.numpyName()));
    }
  }

  /** {0, …, n − 1} as {@code int64}. */
  public Discrete(long n) {
    this(n, 0, DType.INT64);
  }

  @Override
  public @Nullable String whyNot(Value value) {
    String mismatch = Leaves.whyNotLike(value, dtype, new int[0], this);
    if (mismatch != null) {
      return mismatch;
    }
    return Long.compareUnsigned(value.array().getLong(0) - start, n) < 0
        ? null
        : "got %s, expected one of %d … %d"
            .formatted(value.array().format(0), start, start + n - 1);
  }

  @Override
  public NdArray sample(RandomGenerator random, Mask mask) {
    long step =
        mask instanceof Mask.None ? random.nextLong(n) : Leaves.choose(random, mask, n, this);
    return NdArray.ofLongs(dtype, new long[] {start + step});
  }

  @Override
  public NdArray emptyBatch() {
    return NdArray.empty(dtype);
  }

  @Override
  public MultiDiscrete batch(int n) {
    long[] nvec = new long[Leaves.checkBatch(n)];
    Arrays.fill(nvec, this.n);
    long[] starts = new long[n];
    Arrays.fill(starts, start);
    return new MultiDiscrete(NdArray.ofLongs(dtype, nvec, n), NdArray.ofLongs(dtype, starts, n));
  }

  @Override
  public boolean isFlattenable() {
    return true;
  }

  @Override
  public int flatSize() {
    return Math.toIntExact(n);
  }

  @Override
  public Box flatSpace() {
    return Box.of(dtype, 0, 1, flatSize());
  }

  /** One-hot, in this space's type. */
  @Override
  public NdArray flatten(Value member) {
    long[] oneHot = new long[flatSize()];
    oneHot[Leaves.oneHot(Leaves.flat(member, 1, this).getLong(0), start, n, this)] = 1;
    return NdArray.ofLongs(dtype, oneHot, oneHot.length);
  }

  @Override
  public NdArray unflatten(Value flat) {
    NdArray oneHot = Leaves.flat(flat, flatSize(), this);
    return NdArray.ofLongs(dtype, new long[] {start + Leaves.hot(oneHot, 0, oneHot.size(), this)});
  }

  @Override
  public String toString() {
    return start == 0 ? "Discrete(" + n + ")" : "Discrete(" + n + ", start=" + start + ")";
  }
}
