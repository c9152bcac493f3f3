package io.gymbridge.cli.table;

import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Returns while learning, of all rows and seeds of one environment. */
final class CurveChart {
  private static final Color[] COLORS = {
    new Color(0x2166AC),
    new Color(0xD95F02),
    new Color(0x1B7837),
    new Color(0x7570B3),
    new Color(0x999999),
    new Color(0xE7298A)
  };

  private CurveChart() {}

  /** A PNG; empty where no row of the environment has a curve. */
  static byte[] png(String env, Results results) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(1600)
            .height(900)
            .title(env)
            .xAxisTitle("steps")
            .yAxisTitle("return while learning")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setPlotBorderVisible(false);
    chart.getStyler().setXAxisMin(0.0);
    chart.getStyler().setChartTitleFont(chart.getStyler().getChartTitleFont().deriveFont(30f));
    chart
        .getStyler()
        .setAxisTickLabelsFont(chart.getStyler().getAxisTickLabelsFont().deriveFont(22f));
    chart.getStyler().setAxisTitleFont(chart.getStyler().getAxisTitleFont().deriveFont(24f));
    chart.getStyler().setLegendFont(chart.getStyler().getLegendFont().deriveFont(22f));
    int color = 0;
    for (Row row : results.rows()) {
      boolean first = true;
      for (Result result : results.of(row)) {
        if (!row.env().equals(env) || result.curve().size() < 2) {
          continue;
        }
        List<Double> steps = new ArrayList<>();
        List<Double> returns = new ArrayList<>();
        result.curve().forEach(point -> steps.add(point[0]));
        result.curve().forEach(point -> returns.add(point[1]));
        XYSeries line = chart.addSeries(row.name() + " seed " + result.seed(), steps, returns);
        line.setLabel(row.title());
        line.setShowInLegend(first);
        line.setMarker(SeriesMarkers.NONE);
        line.setLineColor(COLORS[color % COLORS.length]);
        line.setLineWidth(3);
        first = false;
      }
      color += first ? 0 : 1;
    }
    if (color == 0) {
      return new byte[0];
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BitmapEncoder.saveBitmap(chart, bytes, BitmapEncoder.BitmapFormat.PNG);
    return bytes.toByteArray();
  }
}
