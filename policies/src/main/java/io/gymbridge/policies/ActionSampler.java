package io.gymbridge.policies;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.util.random.RandomGenerator;

/** Draws actions from the parameters of distributions. */
final class ActionSampler {
  private ActionSampler() {}

  /** Gaussian, then clipped to the box. */
  static NdArray gaussian(Space space, NdArray mean, NdArray logStd, RandomGenerator random) {
    if (!(space instanceof Box box)
        || mean.size() != logStd.size()
        || mean.size() != mean.batchSize() * box.flatSize()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "mean %s and log_std %s do not fit %s".formatted(mean, logStd, space));
    }
    double[] values = mean.toDoubles();
    for (int i = 0; i < values.length; i++) {
      values[i] += Math.exp(logStd.getDouble(i)) * random.nextGaussian();
    }
    return box.clip(NdArray.ofDoubles(DType.FLOAT64, values, mean.batchSize(), box.flatSize()));
  }

  /** One category per component, from groups of logits one after the other. */
  static NdArray categorical(Space space, NdArray logits, int n, RandomGenerator random) {
    long[] choices;
    long[] starts;
    DType dtype;
    int[] shape;
    if (space instanceof Discrete discrete) {
      choices = new long[] {discrete.n()};
      starts = new long[] {discrete.start()};
      dtype = discrete.dtype();
      shape = new int[] {n};
    } else if (space instanceof MultiDiscrete multi) {
      choices = multi.nvec().toLongs();
      starts = multi.start().toLongs();
      dtype = multi.dtype();
      shape = new int[multi.shape().length + 1];
      shape[0] = n;
      System.arraycopy(multi.shape(), 0, shape, 1, multi.shape().length);
    } else {
      throw new GymException(Kind.INVALID_ARGUMENT, "logits do not fit " + space);
    }
    if (logits.size() != n * space.flatSize()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "logits %s do not fit %s".formatted(logits, space));
    }
    long[] values = new long[n * choices.length];
    int first = 0;
    for (int i = 0; i < values.length; i++) {
      int component = i % choices.length;
      int last = first + (int) choices[component];
      values[i] = starts[component] + draw(logits, first, last, random);
      first = last;
    }
    return NdArray.ofLongs(dtype, values, shape);
  }

  private static int draw(NdArray logits, int first, int last, RandomGenerator random) {
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = first; i < last; i++) {
      highest = Math.max(highest, logits.getDouble(i));
    }
    double sum = 0;
    for (int i = first; i < last; i++) {
      sum += Math.exp(logits.getDouble(i) - highest);
    }
    double left = random.nextDouble() * sum;
    for (int i = first; i < last - 1; i++) {
      left -= Math.exp(logits.getDouble(i) - highest);
      if (left < 0) {
        return i - first;
      }
    }
    return last - 1 - first;
  }
}
