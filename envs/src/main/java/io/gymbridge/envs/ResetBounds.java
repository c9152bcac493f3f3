package io.gymbridge.envs;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.Map;

/** The reset options {@code low} and {@code high}: bounds of the uniform first state. */
record ResetBounds(double low, double high) {

  /**
   * Reads them.
   *
   * @throws GymException INVALID_ARGUMENT if one is no finite number, or low is above high
   */
  static ResetBounds of(Map<String, ?> options, double low, double high) {
    ResetBounds bounds =
        new ResetBounds(number(options, "low", low), number(options, "high", high));
    if (!(bounds.low <= bounds.high)) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "option low must not be above high, got %s and %s".formatted(bounds.low, bounds.high));
    }
    return bounds;
  }

  /** One option that is a finite number. */
  static double number(Map<String, ?> options, String name, double otherwise) {
    if (!options.containsKey(name)) {
      return otherwise;
    }
    if (options.get(name) instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        "option " + name + " must be a finite number, got " + options.get(name));
  }

  double draw(NumpyRandom random) {
    return random.uniform(low, high);
  }
}
