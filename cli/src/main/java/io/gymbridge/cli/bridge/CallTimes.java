package io.gymbridge.cli.bridge;

import java.util.Arrays;
import java.util.Map;

/** Nanoseconds of calls, one by one. Takes memory when it has to grow only. */
final class CallTimes {
  private long[] nanos = new long[1 << 16];
  private int count;

  void add(long time) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * count);
    }
    nanos[count++] = time;
  }

  int count() {
    return count;
  }

  void clear() {
    count = 0;
  }

  /** Median and 99th percentile, in µs; nothing where there was no call. */
  void putInto(Map<String, Double> figures, String name) {
    if (count > 0) {
      Arrays.sort(nanos, 0, count);
      figures.put(name + "_p50", nanos[count / 2] / 1e3);
      figures.put(name + "_p99", nanos[(int) (count * 0.99)] / 1e3);
    }
  }
}
