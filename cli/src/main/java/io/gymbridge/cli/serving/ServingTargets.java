package io.gymbridge.cli.serving;

import io.gymbridge.cli.bench.Interval;
import io.gymbridge.cli.serving.Cell.Server;
import io.gymbridge.cli.serving.Cell.Way;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What serving should reach, beside what it reached. */
final class ServingTargets {
  /**
   * One target.
   *
   * @param atMost whether the measured value should be no more than {@code wanted}, else no less
   * @param measured empty where something that it needs was not measured
   */
  record Target(
      String claim, double wanted, boolean atMost, String unit, Optional<Interval> measured) {
    Optional<Boolean> reached() {
      return measured.map(
          interval -> atMost ? interval.value() <= wanted : interval.value() >= wanted);
    }
  }

  private final ServingResults results;
  private final List<Target> targets = new ArrayList<>();

  private ServingTargets(ServingResults results) {
    this.results = results;
  }

  /** All targets, whether they were measured or not. */
  static List<Target> of(ServingResults results) {
    ServingTargets made = new ServingTargets(results);
    made.peers();
    made.natives();
    results
        .swaps()
        .ifPresent(
            swaps ->
                made.add(
                    "p99 in windows with a swap / beside them", 1.2, true, "×", swaps.ratio()));
    return made.targets;
  }

  private void peers() {
    ratio("tritonclient p50: ours / MLServer's", 0.45, true, Way.TRITON, 1, ClosedLoop.P50);
    ratio("ghz, 1 caller: ours / MLServer's", 4, false, Way.GHZ, 1, ClosedLoop.RATE);
    ratio("ghz, 32 callers: ours / MLServer's", 10, false, Way.GHZ, 32, ClosedLoop.RATE);
  }

  private void natives() {
    Cell stream = new Cell(Server.GYMBRIDGE, Way.STREAM, 1);
    median("native stream from Java, p50", 120, stream, ClosedLoop.P50);
    median("RemotePolicy in Java, p50", 120, new Cell(Server.GYMBRIDGE, Way.JAVA, 1), "us_p50");
    median("RemotePolicy in Python, p50", 220, new Cell(Server.GYMBRIDGE, Way.PYTHON, 1), "us_p50");
    median("time inside the server, mean", 40, stream, ClosedLoop.SERVER);
  }

  private void median(String claim, double wanted, Cell cell, String figure) {
    targets.add(new Target(claim, wanted, true, "µs", results.median(cell, figure)));
  }

  private void ratio(
      String claim, double wanted, boolean atMost, Way way, int callers, String figure) {
    targets.add(
        new Target(
            claim,
            wanted,
            atMost,
            "×",
            results.ratio(
                new Cell(Server.GYMBRIDGE, way, callers),
                new Cell(Server.MLSERVER, way, callers),
                figure)));
  }

  private void add(String claim, double wanted, boolean atMost, String unit, Interval measured) {
    targets.add(new Target(claim, wanted, atMost, unit, Optional.of(measured)));
  }
}
