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

  private int[] dimensions() {
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
  public NdArray sample(RandomGenerator random) {
    return NdArray.ofLongs(
        DType.INT8, random.ints(flatSize(), 0, 2).asLongStream().toArray(), dimensions());
  }

  @Override
  public int flatSize() {
    return Arrays.stream(dimensions()).reduce(1, Math::multiplyExact);
  }

  @Override
  public String toString() {
    return "MultiBinary(" + shape + ")";
  }
}
