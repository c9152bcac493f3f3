package io.gymbridge.core;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What the spaces of plain arrays share. */
final class Leaves {
  private Leaves() {}

  /** Why a value is not an array of this type and shape; null if it is. */
  static @Nullable String whyNotLike(Value value, DType dtype, int[] shape, Space space) {
    if (!(value instanceof NdArray array)) {
      return "got a %s, expected one of %s".formatted(value.getClass().getSimpleName(), space);
    }
    if (array.dtype() != dtype || !Arrays.equals(array.shape(), shape)) {
      return "got %s, expected %s of %s"
          .formatted(describe(array.dtype(), array.shape()), describe(dtype, shape), space);
    }
    return null;
  }

  static String describe(DType dtype, int[] shape) {
    return dtype.numpyName() + Arrays.toString(shape);
  }

  static int[] batchShape(int n, int[] shape) {
    int[] batch = new int[shape.length + 1];
    batch[0] = n;
    System.arraycopy(shape, 0, batch, 1, shape.length);
    return batch;
  }

  static int checkBatch(int n) {
    if (n < 1) {
      throw new IllegalArgumentException("a space is batched at least once, got " + n);
    }
    return n;
  }

  /** A value as a vector of {@code size} numbers. */
  static NdArray flat(Value value, int size, Space space) {
    if (!(value instanceof NdArray array) || array.size() != size) {
      throw new IllegalArgumentException(
          "got %s, expected an array of %d numbers for %s".formatted(value, size, space));
    }
    return array.reshape(size);
  }

  /** The one-hot position of {@code member} among {@code n} values from {@code start} on. */
  static int oneHot(long member, long start, long n, Space space) {
    if (Long.compareUnsigned(member - start, n) >= 0) {
      throw new IllegalArgumentException("got %d for %s".formatted(member, space));
    }
    return (int) (member - start);
  }

  /** The position of the first number that is not 0, of {@code count} from {@code first} on. */
  static int hot(NdArray flat, int first, int count, Space space) {
    for (int i = 0; i < count; i++) {
      if (flat.getDouble(first + i) != 0) {
        return i;
      }
    }
    throw new IllegalArgumentException(
        "got nothing but zeros, expected one of %d to be hot for %s".formatted(count, space));
  }

  /** The position of one of a mask's ones, at random; 0 where there are none. */
  static int choose(RandomGenerator random, Mask mask, long n, Space space) {
    if (!(mask instanceof Mask.Values allowed)) {
      throw mask.refusal(space, "Mask.Values of int8[" + n + "]");
    }
    int[] ones = ones(allowed.values(), n, mask, space);
    return ones.length == 0 ? 0 : ones[random.nextInt(ones.length)];
  }

  /** The positions of the ones among {@code n} zeros and ones. */
  static int[] ones(NdArray flags, long n, Mask mask, Space space) {
    boolean fits = flags.dtype() == DType.INT8 && flags.shape().length == 1 && flags.size() == n;
    if (!fits || Arrays.stream(flags.toLongs()).anyMatch(flag -> flag != 0 && flag != 1)) {
      throw mask.refusal(space, n + " zeros and ones of int8");
    }
    return IntStream.range(0, flags.size()).filter(i -> flags.getLong(i) == 1).toArray();
  }
}
