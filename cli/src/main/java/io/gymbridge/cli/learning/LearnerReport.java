package io.gymbridge.cli.learning;

import io.gymbridge.cli.bench.Interval;
import io.gymbridge.cli.bench.MarkdownTable;
import java.util.Locale;
import java.util.Optional;

/** The results as text. */
public final class LearnerReport {
  /** Less than this, and the speeds are those of a busy machine. */
  private static final double LEAST_SHARE = 0.9;

  private final LearnerResults results;

  /** Of everything measured so far. */
  public LearnerReport(LearnerResults results) {
    this.results = results;
  }

  /** All tables, for the screen. */
  public String tables() {
    MarkdownTable table =
        new MarkdownTable(
            "algorithm",
            "env",
            "counted",
            "gymbridge/s [95 %]",
            "peer",
            "peer/s [95 %]",
            "ratio [95 %]",
            "wanted",
            "reached");
    for (Cell cell : results.ours()) {
      Cell peer = LearnerResults.peer(cell);
      Optional<Interval> ratio = results.ratio(cell);
      table.row(
          cell.algorithm().id(),
          cell.env(),
          cell.algorithm().unit(),
          results.median(cell).map(LearnerReport::withBounds).orElse(""),
          peer.subject().id(),
          results.median(peer).map(LearnerReport::withBounds).orElse(""),
          ratio.map(LearnerReport::withBounds).orElse(""),
          "≥ " + number(cell.algorithm().target()),
          ratio.map(r -> r.value() >= cell.algorithm().target() ? "yes" : "no").orElse(""));
    }
    StringBuilder text = new StringBuilder(table.toString());
    results
        .failures()
        .forEach(
            (cell, reason) ->
                text.append("\nNot measured: %s: %s\n".formatted(cell.label(), reason)));
    results
        .leastShare()
        .ifPresent(
            share -> {
              text.append(
                  "\nThe peers, which have one thread each, had a processor for at least %.0f %% of the time."
                      .formatted(100 * share));
              if (share < LEAST_SHARE) {
                text.append(" Something else was running: measure again.");
              }
              text.append("\n");
            });
    return text.toString();
  }

  /**
   * A page.
   *
   * @param machine what it was measured on
   * @param settings of all learners
   * @param command what measured it
   */
  public String page(String machine, String settings, String command) {
    return """
        # The learners beside others

        %s

        One run, the repetitions of all systems in turn: only figures of one run may be compared with each other. Each
        repetition trains a new policy and counts what is done after a warm-up. [a, b] is the 95 %% confidence interval
        over the repetitions, by the bootstrap. Measured by

            %s

        %s

        %s"""
        .formatted(machine, command, settings, tables());
  }

  private static String withBounds(Interval interval) {
    return "%s [%s, %s]"
        .formatted(number(interval.value()), number(interval.low()), number(interval.high()));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, Math.abs(value) < 100 ? "%.1f" : "%,.0f", value);
  }
}
