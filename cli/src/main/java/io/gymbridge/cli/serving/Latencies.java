package io.gymbridge.cli.serving;

import org.HdrHistogram.Histogram;

/** How long answers took. Thread-safe. */
final class Latencies {
  private static final int DIGITS = 3;

  private final Histogram nanos = new Histogram(DIGITS);

  synchronized void record(long taken) {
    nanos.recordValue(Math.max(0, taken));
  }

  synchronized long count() {
    return nanos.getTotalCount();
  }

  /** In microseconds; NaN where nothing was recorded. */
  synchronized double micros(double percentile) {
    return nanos.getTotalCount() == 0 ? Double.NaN : nanos.getValueAtPercentile(percentile) / 1e3;
  }

  /** In microseconds; NaN where nothing was recorded. */
  synchronized double maxMicros() {
    return nanos.getTotalCount() == 0 ? Double.NaN : nanos.getMaxValue() / 1e3;
  }
}
