package io.gymbridge.cli.serving;

import io.gymbridge.cli.bench.Interval;
import io.gymbridge.cli.bench.MarkdownTable;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;

/** The results as text. */
public final class ServingReport {
  private final ServingResults results;

  /** Of everything measured so far. */
  public ServingReport(ServingResults results) {
    this.results = results;
  }

  /** All tables, for the screen. */
  public String tables() {
    return section("Targets", targets())
        + section("Callers who wait for their answers", cells())
        + (results.steady().isEmpty() ? "" : steadyLoad())
        + results.swaps().map(ServingReport::swaps).orElse("")
        + results.overload().map(ServingReport::overload).orElse("")
        + section("Not measured", missing());
  }

  /**
   * A page.
   *
   * @param machine what it was measured on
   * @param command what measured it
   * @param chart file name of a chart beside the page; empty for none
   */
  public String page(String machine, String command, String chart) {
    return """
        # Serving policies

        %s Clients and servers share it.

        A policy of 17-256-256-6 units, tanh, one observation a question. One run, the repetitions of all in turn: only
        figures of one run may be compared with each other. Measured by

            %s

        [a, b] is the 95 %% confidence interval over the repetitions, by the bootstrap. Native callers reach the server over
        a Unix socket, tritonclient and ghz over TCP; streams and unary calls share connections by eight, and their times
        are taken on the client's event loop; RemotePolicy's are those of the thread that asks. "In the server" is the mean
        time from a question's arrival, decoded, to its answer, not yet encoded, as the server counts it. MLServer 1.7.1
        serves the same network, in NumPy, without worker processes.

        """
            .formatted(machine, command)
        + (chart.isEmpty() ? "" : "![latencies over callers and over the load](" + chart + ")\n\n")
        + tables();
  }

  private static String section(String title, MarkdownTable table) {
    return table.isEmpty() ? "" : "## " + title + "\n\n" + table + "\n";
  }

  private MarkdownTable targets() {
    MarkdownTable table = new MarkdownTable("target", "wanted", "measured", "reached");
    for (ServingTargets.Target target : ServingTargets.of(results)) {
      table.row(
          target.claim(),
          "%s %s %s".formatted(target.atMost() ? "≤" : "≥", number(target.wanted()), target.unit()),
          target
              .measured()
              .map(interval -> "%s %s".formatted(withBounds(interval), target.unit()))
              .orElse("not measured"),
          target.reached().map(reached -> reached ? "yes" : "no").orElse(""));
    }
    return table;
  }

  private MarkdownTable cells() {
    MarkdownTable table =
        new MarkdownTable(
            "server",
            "client",
            "callers",
            "answers/s [95 %]",
            "p50 µs [95 %]",
            "p99 µs",
            "in the server µs",
            "queue µs",
            "compute µs",
            "rows a batch");
    for (Cell cell : results.measured()) {
      if (results.median(cell, ClosedLoop.RATE).isPresent()) {
        table.row(
            cell.server().label(),
            cell.way().label(),
            String.valueOf(cell.callers()),
            results.median(cell, ClosedLoop.RATE).map(ServingReport::withBounds).orElse(""),
            results.median(cell, ClosedLoop.P50).map(ServingReport::withBounds).orElse(""),
            value(cell, ClosedLoop.P99),
            value(cell, ClosedLoop.SERVER),
            value(cell, ClosedLoop.QUEUE),
            value(cell, ClosedLoop.COMPUTE),
            value(cell, "rows_per_batch"));
      }
    }
    return table;
  }

  private String value(Cell cell, String figure) {
    return results.median(cell, figure).map(interval -> number(interval.value())).orElse("");
  }

  private String steadyLoad() {
    return section("A steady load", steady())
        .replaceFirst(
            "\n\n",
            """


            Questions that come evenly on 32 streams, whether or not answers come; latencies count from when a question was
            due. The capacity is the rate at which answers just keep up with such questions: callers who wait can have more,
            since their questions come together.

            """);
  }

  private MarkdownTable steady() {
    MarkdownTable table =
        new MarkdownTable(
            "share of capacity", "questions/s", "p50 µs", "p99 µs", "p99.9 µs", "not answered");
    results.steady().forEach(load -> row(table, load));
    return table;
  }

  private static void row(MarkdownTable table, Map<String, Double> load) {
    table.row(
        "%.0f %%".formatted(100 * load.getOrDefault(SteadyLoad.SHARE, Double.NaN)),
        number(load.getOrDefault("rate", Double.NaN)),
        number(load.getOrDefault(ClosedLoop.P50, Double.NaN)),
        number(load.getOrDefault(ClosedLoop.P99, Double.NaN)),
        number(load.getOrDefault("us_p999", Double.NaN)),
        number(load.getOrDefault("not_answered", Double.NaN)));
  }

  private static String swaps(SwapTrial.Result swaps) {
    return """
        ## %d swaps under load

        %s questions at %s a second on streams, whose episodes keep the version they began with, while a version was
        published in every other window. %d answers failed, %d were not what the version they name does, %d came from a
        version that was not in service; %d versions answered. p99, median over the windows: %s µs with a swap, %s µs
        beside; median of the pairs' ratios %s. Publishing took %s ms (median).

        """
        .formatted(
            swaps.withSwap().length,
            number((double) swaps.questions()),
            number(swaps.rate()),
            swaps.failed(),
            swaps.misrouted(),
            swaps.outOfService(),
            swaps.versionsSeen(),
            number(Interval.medianOf(swaps.withSwap())),
            number(Interval.medianOf(swaps.without())),
            withBounds(swaps.ratio()),
            number(Interval.medianOf(swaps.publishMillis())));
  }

  private static String overload(OverloadTrial.Result overload) {
    MarkdownTable table =
        new MarkdownTable("load", "questions/s", "p50 µs", "p99 µs", "p99.9 µs", "not answered");
    for (Map<String, Double> normal : java.util.List.of(overload.before(), overload.after())) {
      table.row(
          normal == overload.before() ? "half the capacity, before" : "half the capacity, after",
          number(normal.getOrDefault("rate", Double.NaN)),
          number(normal.getOrDefault(ClosedLoop.P50, Double.NaN)),
          number(normal.getOrDefault(ClosedLoop.P99, Double.NaN)),
          number(normal.getOrDefault("us_p999", Double.NaN)),
          number(normal.getOrDefault("not_answered", Double.NaN)));
    }
    double[] memory = overload.megabytes();
    return """
        ## Overload

        Unary calls of %d observations at %s a second, three times what can be answered, for %s s, on %d connections, from
        a process of its own; %s a second were answered or refused, the process held %s back because a connection had %d
        under way. %s were answered: p50 %s µs, p99 %s µs, at most %s µs, from when they were made, at most %s µs late
        (p99). In the %s s before, when compilers first saw that much and which are not counted, p99 was %s µs. %s were
        refused with RESOURCE_EXHAUSTED: p50 %s µs, p99 %s µs. %s failed otherwise. At most 1,024 observations wait for
        each of the server's threads. The
        server's memory was %s … %s MB, and grew by %s MB after the first quarter (heap at most %s).

        %s
        """
        .formatted(
            OverloadTrial.ROWS,
            number(overload.rate()),
            number(overload.generator("sending_seconds")),
            OverloadTrial.CONNECTIONS,
            number(overload.offered()),
            number(overload.generator("held_back")),
            Generator.MOST,
            number(overload.generator("accepted")),
            number(overload.generator("accepted_us_p50")),
            number(overload.generator("accepted_us_p99")),
            number(overload.generator("accepted_us_max")),
            number(overload.generator("late_us_p99")),
            number(overload.generator("cold_seconds")),
            number(overload.generator("cold_us_p99")),
            number(overload.generator("refused")),
            number(overload.generator("refused_us_p50")),
            number(overload.generator("refused_us_p99")),
            number(overload.generator("failed")),
            number(Arrays.stream(memory).min().orElse(Double.NaN)),
            number(Arrays.stream(memory).max().orElse(Double.NaN)),
            number(overload.growth()),
            PolicyProcess.HEAP,
            table);
  }

  private MarkdownTable missing() {
    MarkdownTable table = new MarkdownTable("what", "reason");
    results
        .failures()
        .forEach((cell, reason) -> table.row(cell.label(), reason.replaceAll("[|\\s]+", " ")));
    return table;
  }

  private static String withBounds(Interval interval) {
    return "%s [%s, %s]"
        .formatted(number(interval.value()), number(interval.low()), number(interval.high()));
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "–";
    }
    boolean whole = Math.abs(value) >= 20 || value == Math.rint(value);
    return String.format(Locale.ROOT, whole ? "%,.0f" : "%.2f", value);
  }
}
