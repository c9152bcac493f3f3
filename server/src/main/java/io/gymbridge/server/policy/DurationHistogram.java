package io.gymbridge.server.policy;

import java.util.concurrent.atomic.LongAdder;

/**
 * Counts durations by their magnitude, without locks and without allocating. Thread-safe: what is
 * read while others add may lack their last ones.
 */
final class DurationHistogram {
  /** Upper bounds are 2^k microseconds, from 16 µs to 8.4 s; the last class has no bound. */
  private static final int FIRST = 4;

  private static final int BOUNDED = 20;
  private final LongAdder[] counts = new LongAdder[BOUNDED + 1];
  private final LongAdder nanos = new LongAdder();

  DurationHistogram() {
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
  }

  void add(long duration) {
    long micros = (Math.max(0, duration) + 999) / 1000;
    int magnitude = micros <= 1 ? 0 : 64 - Long.numberOfLeadingZeros(micros - 1);
    counts[Math.max(0, Math.min(BOUNDED, magnitude - FIRST))].increment();
    nanos.add(duration);
  }

  /** Their sum. */
  long nanos() {
    return nanos.sum();
  }

  /** How many there were in each class, not cumulative. */
  long[] counts() {
    long[] now = new long[counts.length];
    for (int i = 0; i < now.length; i++) {
      now[i] = counts[i].sum();
    }
    return now;
  }

  /** The classes' upper bounds in seconds, inclusive; the last one is infinite. */
  static double[] bounds() {
    double[] bounds = new double[BOUNDED + 1];
    for (int i = 0; i < BOUNDED; i++) {
      bounds[i] = (1L << (FIRST + i)) / 1e6;
    }
    bounds[BOUNDED] = Double.POSITIVE_INFINITY;
    return bounds;
  }
}
