package io.gymbridge.cli.bridge;

import io.gymbridge.cli.bench.Interval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The repetitions of all cells, and why some cells have none. */
public final class Results {
  static final String RATE = "steps_per_second";
  static final String CALL_P50 = "call_us_p50";
  static final String CALL_P99 = "call_us_p99";

  private final List<Cell> cells;
  private final Map<Cell, List<Map<String, Double>>> repetitions = new HashMap<>();
  private final Map<Cell, String> failures = new LinkedHashMap<>();

  /**
   * Empty.
   *
   * @param cells all that will be measured, in the table's order
   */
  public Results(List<Cell> cells) {
    this.cells = List.copyOf(cells);
  }

  /** Adds a repetition. */
  public void add(Cell cell, Map<String, Double> figures) {
    repetitions.computeIfAbsent(cell, first -> new ArrayList<>()).add(figures);
  }

  /** Notes that a cell cannot be measured; what was measured of it is forgotten. */
  public void fail(Cell cell, String reason) {
    repetitions.remove(cell);
    failures.put(cell, reason);
  }

  /** Whether a cell was found not to work. */
  public boolean hasFailed(Cell cell) {
    return failures.containsKey(cell);
  }

  Map<Cell, String> failures() {
    return failures;
  }

  /** Those that were measured, in the table's order. */
  List<Cell> measured() {
    return cells.stream().filter(repetitions::containsKey).toList();
  }

  /** One figure of all repetitions; empty where the cell has none. */
  Optional<double[]> figures(Cell cell, String name) {
    return Optional.ofNullable(repetitions.get(cell))
        .filter(runs -> runs.stream().allMatch(run -> run.containsKey(name)))
        .map(runs -> runs.stream().mapToDouble(run -> run.getOrDefault(name, 0.0)).toArray());
  }

  Optional<Interval> median(Cell cell, String name) {
    return figures(cell, name).map(Interval::median);
  }

  /** Of two cells' rates. */
  Optional<Interval> ratio(Cell numerator, Cell denominator) {
    return figures(numerator, RATE)
        .flatMap(above -> figures(denominator, RATE).map(below -> Interval.ratio(above, below)));
  }

  /**
   * What the median call takes beyond the median call of as many of the same environments in one
   * process, in µs, repetition by repetition: the same measure for every system with a process of
   * its own. Empty for others.
   */
  Optional<double[]> beyond(Cell cell) {
    if (!cell.kind().isRemote()) {
      return Optional.empty();
    }
    return figures(cell, CALL_P50)
        .flatMap(
            calls ->
                figures(cell.inProcess(), CALL_P50)
                    .map(
                        local -> {
                          double[] beyond = new double[Math.min(calls.length, local.length)];
                          Arrays.setAll(beyond, i -> calls[i] - local[i]);
                          return beyond;
                        }));
  }

  /** A row for each cell: medians, the rate's interval and all repetitions; or the reason. */
  public List<Map<String, Object>> rows() {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Cell cell : measured()) {
      Map<String, Object> row = head(cell);
      List<Map<String, Double>> runs = repetitions.getOrDefault(cell, List.of());
      for (String name : new TreeMap<>(runs.get(0)).keySet()) {
        median(cell, name).ifPresent(interval -> row.put(name, interval.value()));
      }
      median(cell, RATE)
          .ifPresent(rate -> row.put(RATE + "_ci95", List.of(rate.low(), rate.high())));
      if (cell.kind().isRemote()) {
        beyond(cell).ifPresent(us -> row.put("beyond_in_process_us_p50", Interval.medianOf(us)));
      }
      row.put("repetitions", runs);
      rows.add(row);
    }
    failures.forEach(
        (cell, reason) -> {
          Map<String, Object> row = head(cell);
          row.put("not_measured", reason);
          rows.add(row);
        });
    return rows;
  }

  private static Map<String, Object> head(Cell cell) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("env", cell.workload().id());
    row.put("system", cell.kind().label());
    row.put("transport", cell.transport().label());
    row.put("num_envs", cell.numEnvs());
    row.put("workers", cell.workers());
    return row;
  }
}
