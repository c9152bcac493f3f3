package io.gymbridge.policies;

import io.gymbridge.core.Box;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;

/** From [−1, 1] to a Box, as Stable-Baselines3 scales the actions of its squashed policies. */
final class Rescaling {
  private final double[] low;
  private final double[] half;

  Rescaling(Box box) {
    if (box.low().firstNotFinite() >= 0 || box.high().firstNotFinite() >= 0) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "actions cannot be rescaled to %s: it has no bounds".formatted(box));
    }
    low = box.low().toDoubles();
    half = box.high().toDoubles();
    for (int i = 0; i < half.length; i++) {
      half[i] = 0.5 * (half[i] - low[i]);
    }
  }

  double action(double value, int component) {
    return low[component] + (value + 1) * half[component];
  }

  /** The logarithm of a standard deviation. */
  double logStd(double value, int component) {
    return value + Math.log(half[component]);
  }
}
