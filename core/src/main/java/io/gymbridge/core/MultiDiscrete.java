package io.gymbridge.core;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Integer arrays whose component i is one of {start_i, …, start_i + nvec_i − 1}.
 *
 * @param nvec numbers of values, at least 1 each; its type and shape are the members'
 * @param start smallest values, of the same type and shape
 */
public record MultiDiscrete(NdArray nvec, NdArray start) implements Space {
  public MultiDiscrete {
    if (nvec.dtype() != start.dtype() || !Arrays.equals(nvec.shape(), start.shape())) {
      throw new IllegalArgumentException("nvec is " + nvec + " but start is " + start);
    }
    if (nvec.dtype().isFloating() || Arrays.stream(nvec.toLongs()).anyMatch(n -> n < 1)) {
      throw new IllegalArgumentException("nvec must hold integers of at least 1, got " + nvec);
    }
  }

  /** A vector of {@code int64} components, each starting at 0. */
  public static MultiDiscrete of(long... nvec) {
    return new MultiDiscrete(
        NdArray.of(nvec, nvec.length), NdArray.of(new long[nvec.length], nvec.length));
  }

  public DType dtype() {
    return nvec.dtype();
  }

  /** Dimensions of a member. */
  public int[] shape() {
    return nvec.shape();
  }

  @Override
  public @Nullable String whyNot(Value value) {
    String mismatch = Leaves.whyNotLike(value, dtype(), shape(), this);
    if (mismatch != null) {
      return mismatch;
    }
    NdArray array = value.array();
    for (int i = 0; i < array.size(); i++) {
      long first = start.getLong(i);
      long last = first + nvec.getLong(i) - 1;
      if (array.getLong(i) < first || array.getLong(i) > last) {
        return "component %d is %d, expected one of %d … %d"
            .formatted(i, array.getLong(i), first, last);
      }
    }
    return null;
  }

  @Override
  public NdArray sample(RandomGenerator random) {
    long[] values = new long[nvec.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = start.getLong(i) + random.nextLong(nvec.getLong(i));
    }
    return NdArray.ofLongs(dtype(), values, shape());
  }

  @Override
  public int flatSize() {
    return Math.toIntExact(Arrays.stream(nvec.toLongs()).sum());
  }

  @Override
  public String toString() {
    return "MultiDiscrete(" + Arrays.toString(nvec.toLongs()) + ")";
  }
}
