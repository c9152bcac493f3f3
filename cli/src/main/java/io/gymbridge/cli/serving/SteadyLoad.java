package io.gymbridge.cli.serving;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Latencies under a load that does not wait for answers. */
public final class SteadyLoad {
  static final String SHARE = "share_of_capacity";
  private static final double WARM_UP = 0.2;
  private static final int EPISODE = 100;

  private SteadyLoad() {}

  /** As {@link #run}, on streams that have a connection each. */
  public static Map<String, Double> streams(
      String address, int streams, double rate, double capacity, double seconds) {
    return run(Callers.streams(address, streams, 1), rate, capacity, seconds);
  }

  /**
   * Asks.
   *
   * @param callers who ask; closed at the end
   * @param rate questions a second
   * @param capacity questions a second that the server can answer, for the figures
   * @return share of the capacity, rate, and percentiles in µs, counted from when a question was
   *     due; and how many questions were refused or failed
   */
  static Map<String, Double> run(Callers callers, double rate, double capacity, double seconds) {
    Latencies latencies = new Latencies();
    AtomicLong failed = new AtomicLong();
    try (callers) {
      OpenLoop loop = new OpenLoop(callers.all(), rate, EPISODE);
      loop.run(seconds * WARM_UP, (caller, begin, due, sent, now, answer) -> {});
      loop.run(
          seconds,
          (caller, begin, due, sent, now, answer) -> {
            if (answer.failure() == null) {
              latencies.record(now - due);
            } else {
              failed.incrementAndGet();
            }
          });
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(SHARE, rate / capacity);
    figures.put("rate", rate);
    figures.put(ClosedLoop.P50, latencies.micros(50));
    figures.put(ClosedLoop.P99, latencies.micros(99));
    figures.put("us_p999", latencies.micros(99.9));
    figures.put("not_answered", (double) failed.get());
    return figures;
  }
}
