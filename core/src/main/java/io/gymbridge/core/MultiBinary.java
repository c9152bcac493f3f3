package io.gymbridge.core;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * {@code int8} arrays of zeros and ones.
 *
 * @param shape dimensions of a member
 */
public record MultiBinary(List<Integer> shape) implements Space {
  public MultiBinary {
    shape = List.copyOf(shape);
    if (shape.stream().anyMatch(dimension -> dimension < 1)) {
      throw new IllegalArgumentException("dimensions must be at least 1, got " + shape);
    }
  }

  /** Arrays of the given dimensions. */
  public static MultiBinary of(int... shape) {
    return new MultiBinary(Arrays.stream(shape).boxed().toList());
  }

  /** Dimensions of a member. */
  public int[] dimensions() {
    return shape.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public @Nullable String whyNot(Value value) {
    String mismatch = Leaves.whyNotLike(value, DType.INT8, dimensions(), this);
    if (mismatch != null) {
      return mismatch;
    }
    NdArray array = value.array();
    for (int i = 0; i < array.size(); i++) {
      if ((array.getLong(i) & ~1L) != 0) {
        return "component %d is %d, expected 0 or 1".formatted(i, array.getLong(i));
      }
    }
    return null;
  }

  @Override
  public NdArray sample(RandomGenerator random, Mask mask) {
    long[] drawn = random.ints(flatSize(), 0, 2).asLongStream().toArray();
    if (!(mask instanceof Mask.None)) {
      NdArray fixed = fixed(mask);
      for (int i = 0; i < drawn.length; i++) {
        drawn[i] = fixed.getLong(i) == 2 ? drawn[i] : fixed.getLong(i);
      }
    }
    return NdArray.ofLongs(DType.INT8, drawn, dimensions());
  }

  private NdArray fixed(Mask mask) {
    if (mask instanceof Mask.Values values
        && Leaves.whyNotLike(values.values(), DType.INT8, dimensions(), this) == null
        && Arrays.stream(values.values().toLongs()).allMatch(flag -> flag >= 0 && flag <= 2)) {
      return values.values();
    }
    throw mask.refusal(this, "Mask.Values of 0, 1 and 2 in int8" + shape);
  }

  @Override
  public NdArray emptyBatch() {
    return NdArray.empty(DType.INT8, dimensions());
  }

  @Override
  public Box batch(int n) {
    return Box.of(DType.INT8, 0, 1, Leaves.batchShape(Leaves.checkBatch(n), dimensions()));
  }

  @Override
  public boolean isFlattenable() {
    return true;
  }

  @Override
  public int flatSize() {
    return Arrays.stream(dimensions()).reduce(1, Math::multiplyExact);
  }

  @Override
  public Box flatSpace() {
    return Box.of(DType.INT8, 0, 1, flatSize());
  }

  @Override
  public NdArray flatten(Value member) {
    return Leaves.flat(member, flatSize(), this).cast(DType.INT8);
  }

  @Override
  public NdArray unflatten(Value flat) {
    return Leaves.flat(flat, flatSize(), this).cast(DType.INT8).reshape(dimensions());
  }

  @Override
  public String toString() {
    return "MultiBinary(" + shape + ")";
  }
}
