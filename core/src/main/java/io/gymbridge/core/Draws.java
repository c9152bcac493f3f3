package io.gymbridge.core;

import java.util.random.RandomGenerator;

/** Random numbers from the distributions that Gymnasium's spaces draw from. */
final class Draws {
  private Draws() {}

  /**
   * Uniform where bounded; where bounded on one side, exponential from the bound; else standard
   * normal.
   */
  static double real(
      RandomGenerator random, double low, double high, boolean below, boolean above) {
    if (!below && !above) {
      return random.nextGaussian();
    }
    if (!below) {
      return high - random.nextExponential();
    }
    if (!above) {
      return low + random.nextExponential();
    }
    double range = high - low;
    if (Double.isInfinite(range)) {
      double share = random.nextDouble();
      return low * (1 - share) + high * share;
    }
    return Math.min(high, low + random.nextDouble() * range);
  }

  /** As {@link #real}, rounded towards the bound or down, and kept within the type's range. */
  static long integer(
      RandomGenerator random, DType dtype, long low, long high, boolean below, boolean above) {
    if (!below && !above) {
      long drawn = (long) Math.floor(random.nextGaussian());
      return drawn < 0 && !dtype.isSigned() ? 0 : drawn;
    }
    if (below && above) {
      return uniform(random, low, high);
    }
    long step = (long) random.nextExponential();
    long room = high - low;
    long within = Long.compareUnsigned(step, room) <= 0 ? step : room;
    return below ? low + within : high - within;
  }

  /** Uniform over low … high, whose difference is taken as unsigned. */
  private static long uniform(RandomGenerator random, long low, long high) {
    long range = high - low;
    if (range >= 0 && range < Long.MAX_VALUE) {
      return low + random.nextLong(range + 1);
    }
    long step;
    do {
      step = random.nextLong();
    } while (Long.compareUnsigned(step, range) > 0);
    return low + step;
  }

  /** Number of trials up to the first success, at least 1. */
  static int geometric(RandomGenerator random, double success) {
    return 1 + (int) (Math.log1p(-random.nextDouble()) / Math.log1p(-success));
  }
}
