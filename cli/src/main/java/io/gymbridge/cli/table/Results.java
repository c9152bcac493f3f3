package io.gymbridge.cli.table;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** All rows and what has been run of them so far. */
public final class Results {
  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final Map<String, List<Result>> byRow = new LinkedHashMap<>();
  private final Map<String, Double> random;

  /**
   * @param random mean return of random actions by environment
   */
  public Results(List<Row> rows, Collection<Result> results, Map<String, Double> random) {
    for (Row row : rows) {
      this.rows.put(row.name(), row);
      byRow.put(row.name(), new ArrayList<>());
    }
    for (Result result : results) {
      List<Result> known = byRow.get(result.row());
      if (known != null) {
        known.add(result);
      }
    }
    byRow.values().forEach(all -> all.sort((a, b) -> Long.compare(a.seed(), b.seed())));
    this.random = random;
  }

  public Collection<Row> rows() {
    return rows.values();
  }

  /** In the order of their seeds. */
  public List<Result> of(Row row) {
    return byRow.getOrDefault(row.name(), List.of());
  }

  /** Mean return of random actions. */
  public Optional<Double> random(Row row) {
    return Optional.ofNullable(random.get(row.env()));
  }

  /** Mean return of the demonstrations. */
  public OptionalDouble expert(Row row) {
    return of(row).stream().mapToDouble(Result::expertReturn).filter(e -> !Double.isNaN(e)).max();
  }

  /** Normalised scores of a row's runs; empty where there is no reference. */
  public double[] normalised(Row row) {
    OptionalDouble expert = expert(row);
    Optional<Double> lowest = random(row);
    if (expert.isEmpty() || lowest.isEmpty()) {
      return new double[0];
    }
    return of(row).stream()
        .mapToDouble(result -> Scores.normalised(result.mean(), lowest.get(), expert.getAsDouble()))
        .toArray();
  }

  /** Normalised scores of an algorithm's rows without a variant, one array for each task. */
  public Map<String, List<double[]>> byAlgorithm() {
    Map<String, List<double[]>> scores = new LinkedHashMap<>();
    for (Row row : rows()) {
      double[] normalised = normalised(row);
      if (normalised.length > 0) {
        scores.computeIfAbsent(algorithm(row), key -> new ArrayList<>()).add(normalised);
      }
    }
    return scores;
  }

  private static String algorithm(Row row) {
    String demonstrations = row.demonstrations();
    return row.title() + (demonstrations.isEmpty() ? "" : ", " + demonstrations);
  }
}
