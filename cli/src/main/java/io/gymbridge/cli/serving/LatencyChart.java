package io.gymbridge.cli.serving;

import io.gymbridge.cli.bench.Interval;
import io.gymbridge.cli.serving.Cell.Server;
import io.gymbridge.cli.serving.Cell.Way;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Two charts side by side: latencies over the answers a second of callers who wait, and under a
 * steady load.
 */
public final class LatencyChart {
  private static final Color BLUE = new Color(0x2166AC);
  private static final Color ORANGE = new Color(0xD95F02);
  private static final Color GREEN = new Color(0x1B7837);
  private static final int WIDTH = 900;
  private static final int HEIGHT = 800;

  private final ServingResults results;

  private LatencyChart(ServingResults results) {
    this.results = results;
  }

  /** As PNG; empty where nothing was measured that it would show. */
  public static Optional<byte[]> png(ServingResults results) throws IOException {
    return new LatencyChart(results).draw();
  }

  private Optional<byte[]> draw() throws IOException {
    List<BufferedImage> charts = new ArrayList<>();
    XYChart waiting = chart("callers who wait: 1, 8, 32, 128 (ghz: 1, 32)", "answers/s");
    curve(waiting, Server.GYMBRIDGE, Way.STREAM, Cell.CALLERS, BLUE);
    curve(waiting, Server.GYMBRIDGE, Way.UNARY, Cell.CALLERS, ORANGE);
    curve(waiting, Server.GYMBRIDGE, Way.GHZ, Cell.GHZ_CALLERS, GREEN);
    curve(waiting, Server.MLSERVER, Way.GHZ, Cell.GHZ_CALLERS, Color.GRAY);
    if (!waiting.getSeriesMap().isEmpty()) {
      charts.add(BitmapEncoder.getBufferedImage(waiting));
    }
    if (results.steady().size() > 1) {
      XYChart steady = chart("a steady load, on streams", "share of the capacity, %");
      load(steady, "p50", ClosedLoop.P50, BLUE);
      load(steady, "p99", ClosedLoop.P99, ORANGE);
      load(steady, "p99.9", "us_p999", GREEN);
      charts.add(BitmapEncoder.getBufferedImage(steady));
    }
    if (charts.isEmpty()) {
      return Optional.empty();
    }
    BufferedImage all =
        new BufferedImage(WIDTH * charts.size(), HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = all.createGraphics();
    for (int i = 0; i < charts.size(); i++) {
      canvas.drawImage(charts.get(i), i * WIDTH, 0, null);
    }
    canvas.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(all, "png", bytes);
    return Optional.of(bytes.toByteArray());
  }

  private static XYChart chart(String title, String x) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle("µs")
            .build();
    Font font = chart.getStyler().getLegendFont();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setPlotBorderVisible(false);
    chart.getStyler().setXAxisMin(0.0);
    chart.getStyler().setYAxisLogarithmic(true);
    chart.getStyler().setYAxisDecimalPattern("#,###");
    chart.getStyler().setXAxisDecimalPattern("#,###");
    chart.getStyler().setChartTitleFont(font.deriveFont(24f));
    chart.getStyler().setAxisTickLabelsFont(font.deriveFont(18f));
    chart.getStyler().setAxisTitleFont(font.deriveFont(20f));
    chart.getStyler().setLegendFont(font.deriveFont(18f));
    return chart;
  }

  /** The median solid, the 99th percentile dashed. */
  private void curve(XYChart chart, Server server, Way way, int[] callers, Color color) {
    for (String figure : List.of(ClosedLoop.P50, ClosedLoop.P99)) {
      List<Double> rates = new ArrayList<>();
      List<Double> micros = new ArrayList<>();
      for (int count : callers) {
        Cell cell = new Cell(server, way, count);
        Optional<Interval> rate = results.median(cell, ClosedLoop.RATE);
        Optional<Interval> time = results.median(cell, figure);
        if (rate.isPresent() && time.isPresent()) {
          rates.add(rate.get().value());
          micros.add(time.get().value());
        }
      }
      if (!rates.isEmpty()) {
        String percentile = figure.equals(ClosedLoop.P50) ? "p50" : "p99";
        line(
            chart,
            "%s, %s, %s".formatted(server.label(), way.label(), percentile),
            rates,
            micros,
            color,
            !figure.equals(ClosedLoop.P50));
      }
    }
  }

  private void load(XYChart chart, String name, String figure, Color color) {
    List<Double> shares = new ArrayList<>();
    List<Double> micros = new ArrayList<>();
    for (Map<String, Double> each : results.steady()) {
      shares.add(100 * each.getOrDefault(SteadyLoad.SHARE, Double.NaN));
      micros.add(each.getOrDefault(figure, Double.NaN));
    }
    line(chart, name, shares, micros, color, false);
  }

  private static void line(
      XYChart chart, String name, List<Double> x, List<Double> y, Color color, boolean dashed) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setMarker(SeriesMarkers.CIRCLE);
    series.setLineColor(color);
    series.setMarkerColor(color);
    series.setLineStyle(
        new BasicStroke(
            3,
            BasicStroke.CAP_BUTT,
            BasicStroke.JOIN_BEVEL,
            1,
            dashed ? new float[] {10, 7} : null,
            0));
  }
}
