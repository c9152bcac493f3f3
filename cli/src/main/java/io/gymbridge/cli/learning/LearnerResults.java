package io.gymbridge.cli.learning;

import io.gymbridge.cli.bench.Interval;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** The repetitions of all cells, and why some cells have none. */
public final class LearnerResults {
  private static final String RATE = "per_second";

  /** Share of the wall clock that a process of one thread had a processor for. */
  private static final String SHARE = "cpu_share";

  private final Map<Cell, List<Map<String, Double>>> repetitions = new LinkedHashMap<>();
  private final Map<Cell, String> failures = new LinkedHashMap<>();

  /**
   * Empty.
   *
   * @param cells all that will be measured, in the table's order
   */
  public LearnerResults(List<Cell> cells) {
    cells.forEach(cell -> repetitions.put(cell, new ArrayList<>()));
  }

  /** Adds a repetition. */
  public void add(Cell cell, Map<String, Double> figures) {
    repetitions.computeIfAbsent(cell, first -> new ArrayList<>()).add(figures);
  }

  /** Notes that a cell cannot be measured. */
  public void fail(Cell cell, String reason) {
    failures.put(cell, reason);
  }

  /** Whether a cell was found not to work. */
  public boolean hasFailed(Cell cell) {
    return failures.containsKey(cell);
  }

  Map<Cell, String> failures() {
    return failures;
  }

  /** Our cells that were measured. */
  List<Cell> ours() {
    return repetitions.keySet().stream()
        .filter(cell -> cell.subject() == Subject.GYMBRIDGE && median(cell).isPresent())
        .toList();
  }

  Optional<Interval> median(Cell cell) {
    return figures(cell, RATE).map(Interval::median);
  }

  /** How many times faster ours is than the peer's; empty where one of them was not measured. */
  Optional<Interval> ratio(Cell ours) {
    return figures(ours, RATE)
        .flatMap(above -> figures(peer(ours), RATE).map(below -> Interval.ratio(above, below)));
  }

  static Cell peer(Cell ours) {
    return new Cell(ours.algorithm(), ours.env(), ours.algorithm().peer());
  }

  /**
   * The least share of a processor that a peer had, which tells whether something else was running;
   * empty without peers, whose processes alone have one thread.
   */
  OptionalDouble leastShare() {
    return repetitions.values().stream()
        .flatMap(List::stream)
        .filter(run -> run.containsKey(SHARE))
        .mapToDouble(run -> run.getOrDefault(SHARE, 1.0))
        .min();
  }

  private Optional<double[]> figures(Cell cell, String name) {
    return Optional.ofNullable(repetitions.get(cell))
        .filter(runs -> !runs.isEmpty() && !failures.containsKey(cell))
        .map(
            runs -> runs.stream().mapToDouble(run -> run.getOrDefault(name, Double.NaN)).toArray());
  }

  /** A row for each cell: the median, its bounds and all repetitions; or the reason. */
  public List<Map<String, Object>> rows() {
    List<Map<String, Object>> rows = new ArrayList<>();
    repetitions.forEach(
        (cell, runs) -> {
          Map<String, Object> row = new LinkedHashMap<>();
          row.put("algorithm", cell.algorithm().id());
          row.put("env", cell.env());
          row.put("system", cell.subject().id());
          median(cell)
              .ifPresent(
                  rate -> {
                    row.put(RATE, rate.value());
                    row.put("unit", cell.algorithm().unit());
                    row.put(RATE + "_ci95", List.of(rate.low(), rate.high()));
                    row.put("repetitions", runs);
                  });
          String reason = failures.get(cell);
          if (reason != null) {
            row.put("not_measured", reason);
          }
          rows.add(row);
        });
    return rows;
  }
}
