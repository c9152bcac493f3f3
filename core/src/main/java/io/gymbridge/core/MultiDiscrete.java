package io.gymbridge.core;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Integer arrays whose component i is one of {start_i, …, start_i + nvec_i − 1}.
 *
 * @param nvec numbers of values, at least 1 each; its type, which holds all values, and its shape
 *     are the members'
 * @param start smallest values, of the same type and shape
 */
public record MultiDiscrete(NdArray nvec, NdArray start) implements Space {
  public MultiDiscrete {
    DType dtype = nvec.dtype();
    if (dtype != start.dtype() || !Arrays.equals(nvec.shape(), start.shape())) {
      throw new IllegalArgumentException("nvec is " + nvec + " but start is " + start);
    }
    if (dtype.isFloating()
        || dtype == DType.BOOL
        || Arrays.stream(nvec.toLongs()).anyMatch(n -> n < 1)) {
      throw new IllegalArgumentException("nvec must hold integers of at least 1, got " + nvec);
    }
    for (int i = 0; i < nvec.size(); i++) {
      long room = dtype.greatest() - start.getLong(i);
      if (Long.compareUnsigned(nvec.getLong(i) - 1, room) > 0) {
        throw new IllegalArgumentException(
            "component %d: %s values from %s on do not fit into %s"
                .formatted(i, nvec.format(i), start.format(i), dtype.numpyName()));
      }
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

  /** The greatest members' components. */
  private NdArray last() {
    long[] last = start.toLongs();
    for (int i = 0; i < last.length; i++) {
      last[i] += nvec.getLong(i) - 1;
    }
    return NdArray.ofLongs(dtype(), last, shape());
  }

  @Override
  public @Nullable String whyNot(Value value) {
    String mismatch = Leaves.whyNotLike(value, dtype(), shape(), this);
    if (mismatch != null) {
      return mismatch;
    }
    NdArray array = value.array();
    for (int i = 0; i < array.size(); i++) {
      if (Long.compareUnsigned(array.getLong(i) - start.getLong(i), nvec.getLong(i)) >= 0) {
        return "component %d is %s, expected one of %s … %s"
            .formatted(i, array.format(i), start.format(i), last().format(i));
      }
    }
    return null;
  }

  @Override
  public NdArray sample(RandomGenerator random, Mask mask) {
    long[] values = start.toLongs();
    for (int i = 0; i < values.length; i++) {
      values[i] +=
          mask instanceof Mask.None
              ? random.nextLong(nvec.getLong(i))
              : Leaves.choose(
                  random, Products.part(mask, i, values.length, this), nvec.getLong(i), this);
    }
    return NdArray.ofLongs(dtype(), values, shape());
  }

  @Override
  public NdArray emptyBatch() {
    return NdArray.empty(dtype(), shape());
  }

  @Override
  public Box batch(int n) {
    Leaves.checkBatch(n);
    return new Box(start.repeat(n), last().repeat(n));
  }

  @Override
  public boolean isFlattenable() {
    return true;
  }

  @Override
  public int flatSize() {
    return Math.toIntExact(Arrays.stream(nvec.toLongs()).reduce(0, Math::addExact));
  }

  @Override
  public Box flatSpace() {
    return Box.of(dtype(), 0, 1, flatSize());
  }

  /** One-hot component after component, in this space's type. */
  @Override
  public NdArray flatten(Value member) {
    NdArray array = Leaves.flat(member, nvec.size(), this);
    long[] oneHot = new long[flatSize()];
    int first = 0;
    for (int i = 0; i < nvec.size(); i++) {
      oneHot[first + Leaves.oneHot(array.getLong(i), start.getLong(i), nvec.getLong(i), this)] = 1;
      first += (int) nvec.getLong(i);
    }
    return NdArray.ofLongs(dtype(), oneHot, oneHot.length);
  }

  @Override
  public NdArray unflatten(Value flat) {
    NdArray oneHot = Leaves.flat(flat, flatSize(), this);
    long[] values = start.toLongs();
    int first = 0;
    for (int i = 0; i < values.length; i++) {
      values[i] += Leaves.hot(oneHot, first, (int) nvec.getLong(i), this);
      first += (int) nvec.getLong(i);
    }
    return NdArray.ofLongs(dtype(), values, shape());
  }

  @Override
  public String toString() {
    return "MultiDiscrete(" + Arrays.toString(nvec.toLongs()) + ")";
  }
}
