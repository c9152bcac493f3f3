package io.gymbridge.core;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A (possibly unbounded) box of {@code dtype} arrays of one shape.
 *
 * @param low inclusive lower bounds, an array of the box's type and shape; minus infinity
 *     (integers: the type's least value) where there is none
 * @param high inclusive upper bounds, likewise
 */
public record Box(NdArray low, NdArray high) implements Space {
  public Box {
    if (low.dtype() != high.dtype() || !Arrays.equals(low.shape(), high.shape())) {
      throw new IllegalArgumentException("low is " + low + " but high is " + high);
    }
    for (int i = 0; i < low.size(); i++) {
      if (!(low.getDouble(i) <= high.getDouble(i))) {
        throw new IllegalArgumentException(
            "component %d: low %s is above high %s"
                .formatted(i, low.getDouble(i), high.getDouble(i)));
      }
    }
  }

  /** A box with the same bounds for every component. */
  public static Box of(DType dtype, double low, double high, int... shape) {
    int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    double[] lows = new double[size];
    double[] highs = new double[size];
    Arrays.fill(lows, low);
    Arrays.fill(highs, high);
    return new Box(NdArray.ofDoubles(dtype, lows, shape), NdArray.ofDoubles(dtype, highs, shape));
  }

  public DType dtype() {
    return low.dtype();
  }

  /** Dimensions of a member. */
  public int[] shape() {
    return low.shape();
  }

  @Override
  public @Nullable String whyNot(Value value) {
    String mismatch = Leaves.whyNotLike(value, dtype(), shape(), this);
    if (mismatch != null) {
      return mismatch;
    }
    NdArray array = value.array();
    for (int i = 0; i < array.size(); i++) {
      double component = array.getDouble(i);
      if (!(component >= low.getDouble(i) && component <= high.getDouble(i))) {
        return "component %d is %s, outside [%s, %s]: clip it to the space"
            .formatted(i, component, low.getDouble(i), high.getDouble(i));
      }
    }
    return null;
  }

  /**
   * The nearest members to a batch of arrays whose rows have this box's size, in this box's type.
   * NaN stays NaN, which no box contains.
   */
  public NdArray clip(NdArray batch) {
    double[] values = batch.toDoubles();
    int size = low.size();
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.max(low.getDouble(i % size), Math.min(high.getDouble(i % size), values[i]));
    }
    return NdArray.ofDoubles(dtype(), values, Leaves.batchShape(batch.batchSize(), shape()));
  }

  @Override
  public NdArray sample(RandomGenerator random) {
    double[] values = new double[low.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = sample(random, low.getDouble(i), high.getDouble(i));
    }
    return NdArray.ofDoubles(dtype(), values, shape());
  }

  private double sample(RandomGenerator random, double lowest, double highest) {
    if (!dtype().isFloating()) {
      return lowest + Math.floor(random.nextDouble() * (highest - lowest + 1));
    }
    boolean below = Double.isInfinite(lowest);
    boolean above = Double.isInfinite(highest);
    if (below && above) {
      return random.nextGaussian();
    }
    if (below) {
      return highest - random.nextExponential();
    }
    if (above) {
      return lowest + random.nextExponential();
    }
    return lowest + random.nextDouble() * (highest - lowest);
  }

  @Override
  public int flatSize() {
    return low.size();
  }

  @Override
  public String toString() {
    return "Box(%s, %s, %s)".formatted(bound(low), bound(high), Leaves.describe(dtype(), shape()));
  }

  private static String bound(NdArray bounds) {
    double[] distinct = Arrays.stream(bounds.toDoubles()).distinct().toArray();
    return distinct.length == 1 ? String.valueOf(distinct[0]) : "[…]";
  }
}
