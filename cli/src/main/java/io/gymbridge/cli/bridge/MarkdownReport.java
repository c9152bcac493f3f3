package io.gymbridge.cli.bridge;

import io.gymbridge.cli.bench.Interval;
import io.gymbridge.cli.bench.MarkdownTable;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The results as text. */
public final class MarkdownReport {
  private final Results results;

  /** Of everything measured so far. */
  public MarkdownReport(Results results) {
    this.results = results;
  }

  /** All tables, for the screen. */
  public String tables() {
    return section("Targets", targets())
        + section("What limits the bridge", limits())
        + measurements()
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
        # The bridge beside others

        %s

        One run, the repetitions of all systems in turn: only figures of one run may be compared with each other.
        Every process has one thread for its libraries, EnvPool as many as the table says. Actions are random and sampled
        beforehand. Measured by

            %s

        [a, b] is the 95 %% confidence interval over the repetitions, by the bootstrap. "Beyond" is what the median call takes
        beyond the median call of as many environments in one process (a loop, or SyncVectorEnv); "overhead" is what a
        call takes beyond the time inside its environments, as the server measured it call by call.
        "java-python" is a client in Java and a server in Python, without infos; with "send/recv" a worker's environments
        step again as soon as they are there, without waiting for those of other workers, and a call is one worker's. For
        images both clients are told `copy=False`: a step's frames last until the next one.

        """
            .formatted(machine, command)
        + (chart.isEmpty() ? "" : "![steps/s over workers](" + chart + ")\n\n")
        + tables();
  }

  private static String section(String title, MarkdownTable table) {
    return table.isEmpty() ? "" : "## " + title + "\n\n" + table + "\n";
  }

  private MarkdownTable targets() {
    MarkdownTable table =
        new MarkdownTable("target", "wanted", "measured", "measured / wanted", "reached");
    for (Targets.Target target : Targets.of(results)) {
      table.row(
          target.claim(),
          "%s %s %s".formatted(target.atMost() ? "≤" : "≥", number(target.wanted()), target.unit()),
          target
              .measured()
              .map(interval -> "%s %s".formatted(withBounds(interval), target.unit()))
              .orElse("not measured"),
          target.ratio().map(MarkdownReport::number).orElse(""),
          target.reached().map(reached -> reached ? "yes" : "no").orElse(""));
    }
    return table;
  }

  private MarkdownTable limits() {
    MarkdownTable table =
        new MarkdownTable(
            "call", "environments, ideal µs", "slowed down by µs", "bridge µs", "limit");
    for (Cell cell : results.measured()) {
      Breakdown.of(results, cell)
          .ifPresent(
              parts ->
                  table.row(
                      cell.label(),
                      number(parts.ideal()),
                      number(parts.slower()),
                      number(parts.bridge()),
                      parts.limit()));
    }
    return table;
  }

  private String measurements() {
    Set<Workload> workloads =
        results.measured().stream()
            .map(Cell::workload)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    return workloads.stream()
        .map(workload -> section(workload.name(), measurements(workload)))
        .collect(Collectors.joining());
  }

  private MarkdownTable measurements(Workload workload) {
    boolean images = workload.imageBytes() > 0;
    MarkdownTable table =
        new MarkdownTable(
            "system",
            "envs",
            "workers",
            "steps/s [95 %]",
            images ? "GB/s" : "× Sync [95 %]",
            "call p50 µs",
            "call p99 µs",
            "beyond p50 µs",
            "overhead p50 µs",
            "overhead p99 µs");
    for (Cell cell : results.measured()) {
      if (cell.workload().equals(workload)) {
        table.row(
            "%s %s".formatted(cell.kind().label(), cell.transport().label()).strip(),
            String.valueOf(cell.numEnvs()),
            String.valueOf(cell.workers()),
            results.median(cell, Results.RATE).map(MarkdownReport::withBounds).orElse(""),
            images ? gigabytes(cell) : timesSync(cell),
            median(cell, Results.CALL_P50),
            median(cell, Results.CALL_P99),
            results.beyond(cell).map(us -> number(Interval.medianOf(us))).orElse(""),
            median(cell, "overhead_us_p50"),
            median(cell, "overhead_us_p99"));
      }
    }
    return table;
  }

  private MarkdownTable missing() {
    MarkdownTable table = new MarkdownTable("cell", "reason");
    results
        .failures()
        .forEach((cell, reason) -> table.row(cell.label(), reason.replaceAll("[|\\s]+", " ")));
    return table;
  }

  private String median(Cell cell, String figure) {
    return results.median(cell, figure).map(interval -> number(interval.value())).orElse("");
  }

  /** Of what is moved; a loop moves nothing. */
  private String gigabytes(Cell cell) {
    if (cell.kind() == Kind.LOOP) {
      return "";
    }
    return results
        .median(cell, Results.RATE)
        .map(rate -> "%.2f".formatted(rate.value() * cell.workload().imageBytes() / 1e9))
        .orElse("");
  }

  private String timesSync(Cell cell) {
    Optional<Interval> ratio =
        results.ratio(cell, Cell.reference(cell.workload(), Kind.SYNC, cell.numEnvs()));
    return ratio.map(MarkdownReport::withBounds).orElse("");
  }

  private static String withBounds(Interval interval) {
    return "%s [%s, %s]"
        .formatted(number(interval.value()), number(interval.low()), number(interval.high()));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, Math.abs(value) < 20 ? "%.2f" : "%,.0f", value);
  }
}
