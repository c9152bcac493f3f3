package io.gymbridge.cli.serving;

import io.gymbridge.cli.bench.Interval;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The repetitions of all cells, why some have none, and the trials. */
public final class ServingResults {
  private final Map<Cell, List<Map<String, Double>>> repetitions = new LinkedHashMap<>();
  private final Map<Cell, String> failures = new LinkedHashMap<>();
  private final List<Map<String, Double>> steady = new ArrayList<>();
  private Optional<SwapTrial.Result> swaps = Optional.empty();
  private Optional<OverloadTrial.Result> overload = Optional.empty();

  /**
   * Empty.
   *
   * @param cells all that will be measured, in the table's order
   */
  public ServingResults(List<Cell> cells) {
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

  /** Adds a load that did not wait for answers; see {@link SteadyLoad}. */
  public void addSteady(Map<String, Double> figures) {
    steady.add(figures);
  }

  /** Adds the trial of swaps. */
  public void set(SwapTrial.Result result) {
    swaps = Optional.of(result);
  }

  /** Adds the trial of overload. */
  public void set(OverloadTrial.Result result) {
    overload = Optional.of(result);
  }

  Map<Cell, String> failures() {
    return failures;
  }

  List<Map<String, Double>> steady() {
    return steady;
  }

  Optional<SwapTrial.Result> swaps() {
    return swaps;
  }

  Optional<OverloadTrial.Result> overload() {
    return overload;
  }

  List<Cell> measured() {
    return repetitions.keySet().stream().filter(cell -> !hasFailed(cell)).toList();
  }

  /** Median over the repetitions; empty where it was not measured. */
  Optional<Interval> median(Cell cell, String figure) {
    return figures(cell, figure).map(Interval::median);
  }

  /** How many times the other's figure a cell's is; empty where one was not measured. */
  Optional<Interval> ratio(Cell above, Cell below, String figure) {
    return figures(above, figure)
        .flatMap(
            numerators ->
                figures(below, figure)
                    .map(denominators -> Interval.ratio(numerators, denominators)));
  }

  private Optional<double[]> figures(Cell cell, String name) {
    return Optional.ofNullable(repetitions.get(cell))
        .filter(runs -> !hasFailed(cell) && !runs.isEmpty())
        .filter(runs -> runs.stream().allMatch(run -> run.containsKey(name)))
        .map(
            runs -> runs.stream().mapToDouble(run -> run.getOrDefault(name, Double.NaN)).toArray());
  }

  /** For JSON: a row for each cell with its repetitions, or the reason. */
  public Map<String, Object> fields() {
    List<Map<String, Object>> rows = new ArrayList<>();
    repetitions.forEach(
        (cell, runs) -> {
          Map<String, Object> row = new LinkedHashMap<>();
          row.put("server", cell.server().label());
          row.put("client", cell.way().label());
          row.put("callers", cell.callers());
          String reason = failures.get(cell);
          if (reason == null) {
            row.put("repetitions", runs);
          } else {
            row.put("not_measured", reason);
          }
          rows.add(row);
        });
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("rows", rows);
    fields.put("steady", steady);
    swaps.ifPresent(result -> fields.put("swaps", result.fields()));
    overload.ifPresent(result -> fields.put("overload", result.fields()));
    return fields;
  }
}
