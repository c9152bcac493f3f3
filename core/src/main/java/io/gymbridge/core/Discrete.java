package io.gymbridge.core;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The integers {start, …, start + n − 1}, each a scalar of {@code dtype}.
 *
 * @param n number of values, at least 1
 * @param start smallest value
 * @param dtype an integer type, {@code int64} in most environments
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
    long member = value.array().getLong(0);
    return member >= start && member < start + n
        ? null
        : "got %d, expected one of %d … %d".formatted(member, start, start + n - 1);
  }

  @Override
  public NdArray sample(RandomGenerator random) {
    return NdArray.ofLongs(dtype, new long[] {start + random.nextLong(n)});
  }

  @Override
  public int flatSize() {
    return Math.toIntExact(n);
  }

  @Override
  public String toString() {
    return start == 0 ? "Discrete(" + n + ")" : "Discrete(" + n + ", start=" + start + ")";
  }
}
