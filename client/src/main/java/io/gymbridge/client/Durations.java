package io.gymbridge.client;

import java.time.Duration;

/** Durations for people. */
final class Durations {
  private Durations() {}

  /** "2 s" or "0.25 s". */
  static String describe(Duration duration) {
    double seconds = duration.toMillis() / 1000.0;
    return seconds == Math.rint(seconds) ? (long) seconds + " s" : seconds + " s";
  }
}
