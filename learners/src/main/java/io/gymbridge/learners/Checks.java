package io.gymbridge.learners;

import java.util.Locale;

/** Refuses settings that cannot be meant, saying what was given and what can be. */
final class Checks {
  private Checks() {}

  static void atLeast(long least, String name, long value) {
    if (value < least) {
      throw new IllegalArgumentException(
          "%s must be at least %d, got %d".formatted(name, least, value));
    }
  }

  /** In the closed interval; {@link Double#MAX_VALUE} for no upper bound. */
  static void within(double low, double high, String name, double value) {
    if (!(value >= low && value <= high)) {
      throw new IllegalArgumentException(
          high == Double.MAX_VALUE
              ? String.format(Locale.ROOT, "%s must be at least %s, got %s", name, low, value)
              : String.format(
                  Locale.ROOT, "%s must lie in [%s, %s], got %s", name, low, high, value));
    }
  }

  static void positive(String name, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be above 0, got " + value);
    }
  }
}
