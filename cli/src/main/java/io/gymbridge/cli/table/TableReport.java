package io.gymbridge.cli.table;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The results as tables of text and as pictures; what page they are put on is others' business. */
public final class TableReport {
  private final Results results;
  private final List<Long> seeds;

  /**
   * @param seeds that were fixed beforehand; those not run yet are shown as missing
   */
  public TableReport(Results results, List<Long> seeds) {
    this.results = results;
    this.seeds = seeds;
  }

  /** One line per row: header first. */
  public List<List<String>> lines() {
    List<List<String>> lines = new ArrayList<>();
    List<String> header = new ArrayList<>(List.of("environment", "algorithm", "demonstrations"));
    seeds.forEach(seed -> header.add("seed " + seed));
    header.addAll(List.of("mean", "sampled", "expert", "normalised", "published"));
    lines.add(header);
    for (Row row : results.rows()) {
      lines.add(line(row));
    }
    return lines;
  }

  private List<String> line(Row row) {
    List<Result> runs = results.of(row);
    List<String> line = new ArrayList<>(List.of(row.env(), row.title(), row.demonstrations()));
    for (long seed : seeds) {
      line.add(
          runs.stream()
              .filter(run -> run.seed() == seed)
              .map(run -> figure(run.mean()) + " ± " + figure(Scores.sd(run.deterministic())))
              .findFirst()
              .orElse("not run"));
    }
    line.add(figure(Scores.mean(runs.stream().mapToDouble(Result::mean).toArray())));
    line.add(
        figure(
            Scores.mean(
                runs.stream()
                    .filter(run -> run.sampled().length > 0)
                    .mapToDouble(run -> Scores.mean(run.sampled()))
                    .toArray())));
    line.add(results.expert(row).map(TableReport::figure).orElse(""));
    double[] normalised = results.normalised(row);
    line.add(normalised.length == 0 ? "" : share(Scores.mean(normalised)));
    line.add(row.published() == null ? "" : figure(row.published()) + " (" + row.source() + ")");
    return line;
  }

  /** How much was asked of experts, by row; header first; empty where nothing was. */
  public List<List<String>> queries() {
    List<List<String>> lines = new ArrayList<>();
    for (Row row : results.rows()) {
      List<Result> asked =
          results.of(row).stream().filter(result -> result.queries() != null).toList();
      if (!asked.isEmpty()) {
        List<String> line = new ArrayList<>(List.of(row.env(), row.title()));
        for (long seed : seeds) {
          line.add(
              asked.stream()
                  .filter(run -> run.seed() == seed)
                  .map(run -> String.valueOf(run.queries()))
                  .findFirst()
                  .orElse("not run"));
        }
        lines.add(line);
      }
    }
    if (!lines.isEmpty()) {
      List<String> header = new ArrayList<>(List.of("environment", "algorithm"));
      seeds.forEach(seed -> header.add("seed " + seed));
      lines.add(0, header);
    }
    return lines;
  }

  /** Interquartile means by algorithm; header first. */
  public List<List<String>> algorithms() {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("algorithm, demonstrations", "tasks", "runs", "IQM", "95 % interval"));
    for (Map.Entry<String, List<double[]>> entry : results.byAlgorithm().entrySet()) {
      Scores.Interval interval = Scores.interquartileMean(entry.getValue());
      int runs = entry.getValue().stream().mapToInt(scores -> scores.length).sum();
      lines.add(
          List.of(
              entry.getKey(),
              String.valueOf(entry.getValue().size()),
              String.valueOf(runs),
              share(interval.value()),
              share(interval.low()) + " … " + share(interval.high())));
    }
    return lines;
  }

  /** Curves by environment, PNG. */
  public Map<String, byte[]> charts() throws IOException {
    Set<String> environments = new LinkedHashSet<>();
    results.rows().forEach(row -> environments.add(row.env()));
    Map<String, byte[]> charts = new LinkedHashMap<>();
    for (String environment : environments) {
      byte[] png = CurveChart.png(environment, results);
      if (png.length > 0) {
        charts.put(environment, png);
      }
    }
    return charts;
  }

  /** A table in Markdown. */
  public static String markdown(List<List<String>> lines) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      text.append("| ").append(String.join(" | ", lines.get(i))).append(" |\n");
      if (i == 0) {
        text.append("|---".repeat(lines.get(0).size())).append("|\n");
      }
    }
    return text.toString();
  }

  private static String figure(double value) {
    return Double.isNaN(value)
        ? ""
        : String.format(Locale.ROOT, Math.abs(value) < 1000 ? "%.1f" : "%.0f", value);
  }

  private static String share(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
