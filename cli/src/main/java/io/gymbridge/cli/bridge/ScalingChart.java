package io.gymbridge.cli.bridge;

import io.gymbridge.cli.bench.Interval;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Steps a second over workers, with what needs no bridge as level lines. */
public final class ScalingChart {
  private static final Color[] COLORS = {
    new Color(0x2166AC), new Color(0xD95F02), new Color(0x1B7837), new Color(0x7570B3),
    new Color(0x999999), new Color(0xA6761D), new Color(0xE7298A), new Color(0x666666)
  };

  private final Results results;

  private ScalingChart(Results results) {
    this.results = results;
  }

  /**
   * The chart of the environment that was measured with most numbers of workers, as PNG; empty
   * where none was with more than one.
   */
  public static Optional<byte[]> png(Results results) throws IOException {
    return new ScalingChart(results).draw();
  }

  private Optional<byte[]> draw() throws IOException {
    Map<Workload, Map<String, List<Cell>>> curves = new LinkedHashMap<>();
    for (Cell cell : results.measured()) {
      if (cell.kind() == Kind.JAVA_PYTHON && cell.numEnvs() > 1) {
        String name =
            "%s %s ×%d".formatted(cell.kind().label(), cell.transport().label(), cell.numEnvs());
        curves
            .computeIfAbsent(cell.workload(), workload -> new LinkedHashMap<>())
            .computeIfAbsent(name, curve -> new ArrayList<>())
            .add(cell);
      }
    }
    Workload best = null;
    int most = 1;
    for (Map.Entry<Workload, Map<String, List<Cell>>> entry : curves.entrySet()) {
      int points = entry.getValue().values().stream().mapToInt(List::size).max().orElse(0);
      if (points > most) {
        most = points;
        best = entry.getKey();
      }
    }
    if (best == null) {
      return Optional.empty();
    }
    double workers = most(curves.getOrDefault(best, Map.of()));
    XYChart chart = chart(best.name(), workers + 0.5);
    chart.getStyler().setYAxisMax(ceiling(best));
    int color = 0;
    for (Map.Entry<String, List<Cell>> curve : curves.getOrDefault(best, Map.of()).entrySet()) {
      if (curve.getValue().size() > 1) {
        curve(chart, curve.getKey(), curve.getValue(), COLORS[color++ % COLORS.length]);
      }
    }
    for (Cell cell : results.measured()) {
      if (cell.workload().equals(best) && !cell.kind().isRemote() && !cell.kind().isBridge()) {
        level(chart, cell, workers + 0.5, COLORS[color++ % COLORS.length]);
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BitmapEncoder.saveBitmap(chart, bytes, BitmapEncoder.BitmapFormat.PNG);
    return Optional.of(bytes.toByteArray());
  }

  private static double most(Map<String, List<Cell>> curves) {
    return curves.values().stream().flatMap(List::stream).mapToInt(Cell::workers).max().orElse(1);
  }

  private static XYChart chart(String title, double end) {
    XYChart chart =
        new XYChartBuilder()
            .width(1600)
            .height(900)
            .title(title)
            .xAxisTitle("workers")
            .yAxisTitle("steps/s, median and 95 % interval")
            .build();
    Font font = chart.getStyler().getLegendFont();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setPlotBorderVisible(false);
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setXAxisMin(0.5);
    chart.getStyler().setXAxisMax(end);
    // Nothing below 0, and a tick for each worker.
    chart.getStyler().setPlotContentSize(1);
    chart.getStyler().setXAxisTickMarkSpacingHint(250);
    chart.getStyler().setYAxisTickMarkSpacingHint(90);
    chart.getStyler().setChartTitleFont(font.deriveFont(28f));
    chart.getStyler().setAxisTickLabelsFont(font.deriveFont(22f));
    chart.getStyler().setAxisTitleFont(font.deriveFont(24f));
    chart.getStyler().setLegendFont(font.deriveFont(20f));
    return chart;
  }

  /** So that the highest lies within. */
  private double ceiling(Workload workload) {
    double highest = 0;
    for (Cell cell : results.measured()) {
      if (cell.workload().equals(workload)) {
        highest =
            Math.max(highest, results.median(cell, Results.RATE).map(Interval::high).orElse(0.0));
      }
    }
    return 1.05 * highest;
  }

  private void curve(XYChart chart, String name, List<Cell> cells, Color color) {
    List<Double> workers = new ArrayList<>();
    List<Double> rates = new ArrayList<>();
    List<Double> errors = new ArrayList<>();
    cells.stream()
        .sorted(Comparator.comparingInt(Cell::workers))
        .forEach(
            cell ->
                results
                    .median(cell, Results.RATE)
                    .ifPresent(
                        rate -> {
                          workers.add((double) cell.workers());
                          rates.add(rate.value());
                          errors.add((rate.high() - rate.low()) / 2);
                        }));
    XYSeries series = chart.addSeries(name, workers, rates, errors);
    series.setMarker(SeriesMarkers.CIRCLE);
    series.setLineColor(color);
    series.setMarkerColor(color);
    series.setLineWidth(4);
  }

  private void level(XYChart chart, Cell cell, double end, Color color) {
    results
        .median(cell, Results.RATE)
        .ifPresent(
            rate -> {
              String name = "%s ×%d".formatted(cell.kind().label(), cell.numEnvs());
              XYSeries line =
                  chart.addSeries(name, List.of(0.5, end), List.of(rate.value(), rate.value()));
              line.setMarker(SeriesMarkers.NONE);
              line.setLineStyle(
                  new BasicStroke(
                      3, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 1, new float[] {12, 8}, 0));
              line.setLineColor(color);
            });
  }
}
