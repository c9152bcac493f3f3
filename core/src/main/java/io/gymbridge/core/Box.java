package io.gymbridge.core;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A (possibly unbounded) box of {@code dtype} arrays of one shape.
 *
 * @param low inclusive lower bounds, an array of the box's type and shape; minus infinity
 *     (integers: the type's least value) where there is none
 * @param high inclusive upper bounds, likewise
 * @param boundedBelow {@code bool}, whether there is a lower bound; for integers this cannot be
 *     seen from {@code low}, and makes a difference when sampling
 * @param boundedAbove likewise
 */
public record Box(NdArray low, NdArray high, NdArray boundedBelow, NdArray boundedAbove)
    implements Space {
  public Box {
    if (low.dtype() != high.dtype() || !Arrays.equals(low.shape(), high.shape())) {
      throw new IllegalArgumentException("low is " + low + " but high is " + high);
    }
    for (int i = 0; i < low.size(); i++) {
      if (!isAtMost(low, i, high, i)) {
        throw new IllegalArgumentException(
            "component %d: low %s is above high %s".formatted(i, low.format(i), high.format(i)));
      }
    }
    DType dtype = low.dtype();
    checkBounded(boundedBelow, low, Double.NEGATIVE_INFINITY, dtype.least());
    checkBounded(boundedAbove, high, Double.POSITIVE_INFINITY, dtype.greatest());
  }

  /** A box whose components are unbounded only where a bound is infinite. */
  public Box(NdArray low, NdArray high) {
    this(low, high, isNot(low, Double.NEGATIVE_INFINITY), isNot(high, Double.POSITIVE_INFINITY));
  }

  private static NdArray isNot(NdArray bounds, double infinity) {
    ByteBuffer flags = ByteBuffer.allocate(bounds.size());
    for (int i = 0; i < bounds.size(); i++) {
      flags.put((byte) (bounds.getDouble(i) == infinity ? 0 : 1));
    }
    return NdArray.wrap(DType.BOOL, flags.flip(), bounds.shape());
  }

  private static void checkBounded(NdArray flags, NdArray bounds, double infinity, long extreme) {
    if (flags.dtype() != DType.BOOL || !Arrays.equals(flags.shape(), bounds.shape())) {
      throw new IllegalArgumentException(
          "whether %s are bounds says %s, expected bool of the same shape"
              .formatted(bounds, flags));
    }
    for (int i = 0; i < flags.size(); i++) {
      boolean free = flags.getLong(i) == 0;
      boolean floating = bounds.dtype().isFloating();
      if (floating
          ? free != (bounds.getDouble(i) == infinity)
          : free && bounds.getLong(i) != extreme) {
        throw new IllegalArgumentException(
            "component %d is %s but its bound is %s"
                .formatted(i, free ? "unbounded" : "bounded", bounds.format(i)));
      }
    }
  }

  /**
   * A box with the same bounds for every component.
   *
   * @param low minus infinity for none, also in a signed integer type
   * @param high infinity for none, also in a signed integer type
   * @throws IllegalArgumentException if a bound is not in the type's range
   */
  public static Box of(DType dtype, double low, double high, int... shape) {
    return new Box(
        full(dtype, low, shape),
        full(dtype, high, shape),
        full(DType.BOOL, low == Double.NEGATIVE_INFINITY ? 0 : 1, shape),
        full(DType.BOOL, high == Double.POSITIVE_INFINITY ? 0 : 1, shape));
  }

  private static NdArray full(DType dtype, double bound, int[] shape) {
    NdArray one = NdArray.ofDoubles(dtype, new double[] {bound});
    if (!dtype.isFloating()) {
      NdArray range = NdArray.ofLongs(dtype, new long[] {dtype.least(), dtype.greatest()}, 2);
      if (dtype.isSigned() && Double.isInfinite(bound)) {
        one = range.row(bound < 0 ? 0 : 1);
      } else if (!(bound >= range.getDouble(0) && bound <= range.getDouble(1))) {
        throw new IllegalArgumentException(
            "the bound %s is out of the range of %s".formatted(bound, dtype.numpyName()));
      }
    }
    return one.repeat(Arrays.stream(shape).reduce(1, Math::multiplyExact)).reshape(shape);
  }

  public DType dtype() {
    return low.dtype();
  }

  /** Dimensions of a member. */
  public int[] shape() {
    return low.shape();
  }

  /** Whether element i of a is at most element j of b, exactly; not if one is NaN. */
  private static boolean isAtMost(NdArray a, int i, NdArray b, int j) {
    return a.dtype().isFloating()
        ? a.getDouble(i) <= b.getDouble(j)
        : a.dtype().compare(a.getLong(i), b.getLong(j)) <= 0;
  }

  @Override
  public @Nullable String whyNot(Value value) {
    String mismatch = Leaves.whyNotLike(value, dtype(), shape(), this);
    if (mismatch != null) {
      return mismatch;
    }
    NdArray array = value.array();
    for (int i = 0; i < array.size(); i++) {
      if (!isAtMost(low, i, array, i) || !isAtMost(array, i, high, i)) {
        return "component %d is %s, outside [%s, %s]: clip it to the space"
            .formatted(i, array.format(i), low.format(i), high.format(i));
      }
    }
    return null;
  }

  /** Whether every row of a batch, of this box's type and size, lies within the bounds. */
  public boolean containsAll(NdArray batch) {
    int size = low.size();
    for (int i = 0; i < batch.size(); i++) {
      if (!isAtMost(low, i % size, batch, i) || !isAtMost(batch, i, high, i % size)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The nearest members to a batch of arrays whose rows have this box's size, in this box's type.
   * NaN stays NaN, which no box contains.
   */
  public NdArray clip(NdArray batch) {
    int size = low.size();
    int[] shape = Leaves.batchShape(batch.batchSize(), shape());
    if (dtype().isFloating()) {
      double[] values = batch.toDoubles();
      for (int i = 0; i < values.length; i++) {
        values[i] =
            Math.max(low.getDouble(i % size), Math.min(high.getDouble(i % size), values[i]));
      }
      return NdArray.ofDoubles(dtype(), values, shape);
    }
    NdArray source = batch.dtype() == dtype() ? batch : withinType(batch);
    long[] clipped = source.toLongs();
    for (int i = 0; i < clipped.length; i++) {
      if (!isAtMost(low, i % size, source, i)) {
        clipped[i] = low.getLong(i % size);
      } else if (!isAtMost(source, i, high, i % size)) {
        clipped[i] = high.getLong(i % size);
      }
    }
    return NdArray.ofLongs(dtype(), clipped, shape);
  }

  /** Numbers of another type in this one, or its extremes where they are beyond. */
  private NdArray withinType(NdArray batch) {
    NdArray range = NdArray.ofLongs(dtype(), new long[] {dtype().least(), dtype().greatest()}, 2);
    double[] values = batch.toDoubles();
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.max(range.getDouble(0), Math.min(range.getDouble(1), values[i]));
    }
    return NdArray.ofDoubles(dtype(), values, batch.shape());
  }

  /**
   * Uniform where bounded; where unbounded on one side, exponential from the bound; on both,
   * standard normal.
   */
  @Override
  public NdArray sample(RandomGenerator random, Mask mask) {
    if (!(mask instanceof Mask.None)) {
      throw mask.refusal(this, "none: a Box takes no mask");
    }
    long[] integers = new long[dtype().isFloating() ? 0 : low.size()];
    double[] reals = new double[low.size() - integers.length];
    for (int i = 0; i < low.size(); i++) {
      boolean below = boundedBelow.getLong(i) != 0;
      boolean above = boundedAbove.getLong(i) != 0;
      if (dtype().isFloating()) {
        reals[i] = Draws.real(random, low.getDouble(i), high.getDouble(i), below, above);
      } else {
        integers[i] = Draws.integer(random, dtype(), low.getLong(i), high.getLong(i), below, above);
      }
    }
    return dtype().isFloating()
        ? NdArray.ofDoubles(dtype(), reals, shape())
        : NdArray.ofLongs(dtype(), integers, shape());
  }

  @Override
  public NdArray emptyBatch() {
    return NdArray.empty(dtype(), shape());
  }

  @Override
  public Box batch(int n) {
    Leaves.checkBatch(n);
    return new Box(low.repeat(n), high.repeat(n), boundedBelow.repeat(n), boundedAbove.repeat(n));
  }

  @Override
  public boolean isFlattenable() {
    return true;
  }

  @Override
  public int flatSize() {
    return low.size();
  }

  @Override
  public Box flatSpace() {
    return new Box(low.reshape(low.size()), high.reshape(low.size()));
  }

  @Override
  public NdArray flatten(Value member) {
    return Leaves.flat(member, flatSize(), this).cast(dtype());
  }

  @Override
  public NdArray unflatten(Value flat) {
    return Leaves.flat(flat, flatSize(), this).cast(dtype()).reshape(shape());
  }

  @Override
  public String toString() {
    return "Box(%s, %s, %s)"
        .formatted(
            bound(low, boundedBelow, "-inf"),
            bound(high, boundedAbove, "inf"),
            Leaves.describe(dtype(), shape()));
  }

  private static String bound(NdArray bounds, NdArray bounded, String infinite) {
    NdArray rows = bounds.reshape(bounds.size());
    boolean same = bounds.size() > 0;
    for (int i = 1; i < bounds.size() && same; i++) {
      same = rows.row(i).equals(rows.row(0)) && bounded.getLong(i) == bounded.getLong(0);
    }
    return !same ? "[…]" : bounded.getLong(0) == 0 ? infinite : bounds.format(0);
  }
}
