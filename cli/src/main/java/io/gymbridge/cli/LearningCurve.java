package io.gymbridge.cli;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Mean return against the number of labelled observations, with references as level lines. */
final class LearningCurve {
  private static final Color[] COLORS = {
    new Color(0x1B7837), new Color(0x999999), new Color(0xD95F02), new Color(0x7570B3)
  };

  private final List<Double> samples = new ArrayList<>();
  private final List<Double> means = new ArrayList<>();
  private final List<Double> deviations = new ArrayList<>();
  private final Map<String, Double> references = new LinkedHashMap<>();

  void point(double labelled, double mean, double deviation) {
    samples.add(labelled);
    means.add(mean);
    deviations.add(deviation);
  }

  void reference(String name, double mean) {
    references.put(name, mean);
  }

  byte[] toPng(String learner) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(1600)
            .height(900)
            .xAxisTitle("observations labelled by the expert")
            .yAxisTitle("return, mean ± sd")
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.InsideSE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setPlotBorderVisible(false);
    chart.getStyler().setXAxisMin(0.0);
    chart
        .getStyler()
        .setAxisTickLabelsFont(chart.getStyler().getAxisTickLabelsFont().deriveFont(24f));
    chart.getStyler().setAxisTitleFont(chart.getStyler().getAxisTitleFont().deriveFont(26f));
    chart.getStyler().setLegendFont(chart.getStyler().getLegendFont().deriveFont(24f));
    XYSeries curve = chart.addSeries(learner, samples, means, deviations);
    curve.setMarker(SeriesMarkers.CIRCLE);
    curve.setLineColor(new Color(0x2166AC));
    curve.setMarkerColor(new Color(0x2166AC));
    curve.setLineWidth(4);
    int color = 0;
    List<Double> ends = List.of(samples.get(0), samples.get(samples.size() - 1));
    for (Map.Entry<String, Double> reference : references.entrySet()) {
      XYSeries line =
          chart.addSeries(
              reference.getKey(), ends, List.of(reference.getValue(), reference.getValue()));
      line.setMarker(SeriesMarkers.NONE);
      line.setLineStyle(
          new BasicStroke(
              4, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 1, new float[] {12, 8}, 0));
      line.setLineColor(COLORS[color++ % COLORS.length]);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BitmapEncoder.saveBitmap(chart, bytes, BitmapEncoder.BitmapFormat.PNG);
    return bytes.toByteArray();
  }
}
