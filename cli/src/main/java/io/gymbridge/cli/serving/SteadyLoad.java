package io.gymbridge.cli.serving;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Latencies under a load that does not wait for answers. */
public final class SteadyLoad {
  static final String SHARE = "share_of_capacity";
  private static final double WARM_UP = 0.2;
  private static final int EPISODE = 100;

  /** Where the search for the capacity begins, and by what it goes down. */
  private static final double MOST = 100_000;

  private static final double LESS = 0.85;

  /** Of a rate at which a server does not get done in half a minute. */
  private static final double LITTLE = 0.1;

  private static final double LATE = 1.05;

  private SteadyLoad() {}

  /**
   * Questions a second that come evenly, on so many streams, and are answered as fast as they come.
   * Callers who wait for their answers can have more, since theirs come together.
   *
   * @param seconds of each attempt
   * @throws GymException UNAVAILABLE where it is next to none
   */
  public static double capacity(String address, int streams, double seconds) {
    double rate = MOST;
    while (rate * seconds >= streams) {
      double answered = answered(address, streams, rate, seconds);
      if (answered * LATE > rate) {
        return rate;
      }
      // What comes evenly is answered one by one, and not faster than what lies there.
      rate = Math.min(LESS * rate, answered);
    }
    throw new GymException(Kind.UNAVAILABLE, "the server answers hardly anything");
  }

  /** Answers a second to questions at a rate, until the last one came; 0 where some never did. */
  private static double answered(String address, int streams, double rate, double seconds) {
    AtomicLong failed = new AtomicLong();
    try (Callers callers = Callers.streams(address, streams)) {
      long began = System.nanoTime();
      long asked =
          new OpenLoop(callers.all(), rate, EPISODE)
              .run(
                  seconds,
                  (caller, begin, due, sent, now, answer) ->
                      failed.addAndGet(answer.failure() == null ? 0 : 1));
      return failed.get() > 0 ? 0 : asked * 1e9 / (System.nanoTime() - began);
    } catch (GymException e) {
      return LITTLE * rate;
    }
  }

  /** As {@link #run}, on streams. */
  public static Map<String, Double> streams(
      String address, int streams, double rate, double capacity, double seconds) {
    return run(Callers.streams(address, streams), rate, capacity, seconds);
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
