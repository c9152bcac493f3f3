package io.gymbridge.cli;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Transitions;
import io.gymbridge.learners.LearnedReward;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * What a learned reward looks like: against the environment's own one over transitions, and, where
 * observations are two numbers, over all of them.
 */
final class RewardPlot {
  private static final int SIZE = 900;
  private static final int CELLS = 60;

  /** A box this wide says nothing about where observations are. */
  private static final double UNBOUNDED = 1e6;

  private final LearnedReward reward;
  private final Transitions transitions;

  /** Of the learned reward and of the environment's, one each for every transition. */
  private final double[] learned;

  private final double[] own;

  /**
   * A plot over transitions.
   *
   * @param own the environment's own reward of each transition
   */
  RewardPlot(LearnedReward reward, Transitions transitions, double[] own) {
    this.reward = reward;
    this.transitions = transitions;
    this.own = own.clone();
    this.learned =
        reward.of(
            transitions.observations(),
            transitions.actions(),
            transitions.nextObservations(),
            transitions.terminated());
  }

  /** Pearson's, of the two rewards; NaN where one of them is always the same. */
  double correlation() {
    return correlation(own, learned);
  }

  static double correlation(double[] x, double[] y) {
    double meanX = Arrays.stream(x).average().orElse(0);
    double meanY = Arrays.stream(y).average().orElse(0);
    double products = 0;
    double squaresX = 0;
    double squaresY = 0;
    for (int i = 0; i < x.length; i++) {
      products += (x[i] - meanX) * (y[i] - meanY);
      squaresX += (x[i] - meanX) * (x[i] - meanX);
      squaresY += (y[i] - meanY) * (y[i] - meanY);
    }
    return products / Math.sqrt(squaresX * squaresY);
  }

  /** Whether observations can be drawn as the points of a plane. */
  boolean isPlane() {
    return reward.observationSpace() instanceof Box box && box.flatSize() == 2;
  }

  /** The picture, as PNG: the scatter plot, and the heat map beside it where there is one. */
  byte[] toPng() throws IOException {
    List<Chart<?, ?>> charts = isPlane() ? List.of(map(), scatter()) : List.of(scatter());
    BufferedImage picture =
        new BufferedImage(SIZE * charts.size(), SIZE, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    for (int i = 0; i < charts.size(); i++) {
      graphics.drawImage(BitmapEncoder.getBufferedImage(charts.get(i)), i * SIZE, 0, null);
    }
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(picture, "png", bytes);
    return bytes.toByteArray();
  }

  private XYChart scatter() {
    XYChart chart =
        new XYChartBuilder()
            .width(SIZE)
            .height(SIZE)
            .title(String.format(Locale.ROOT, "correlation %.3f", correlation()))
            .xAxisTitle("the environment's reward")
            .yAxisTitle("learned reward")
            .build();
    style(chart);
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    chart.getStyler().setMarkerSize(6);
    XYSeries points = chart.addSeries("transitions", own, learned);
    points.setMarker(SeriesMarkers.CIRCLE);
    points.setMarkerColor(new Color(0x21, 0x66, 0xAC, 60));
    return chart;
  }

  private HeatMapChart map() {
    double[] xs = axis(0);
    double[] ys = axis(1);
    float[] states = new float[2 * CELLS * CELLS];
    for (int i = 0; i < CELLS * CELLS; i++) {
      states[2 * i] = (float) xs[i % CELLS];
      states[2 * i + 1] = (float) ys[i / CELLS];
    }
    double[] values = overActions(states);
    Number[][] cells = new Number[CELLS * CELLS][];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = new Number[] {i % CELLS, i / CELLS, values[i]};
    }
    HeatMapChart chart =
        new HeatMapChartBuilder()
            .width(SIZE)
            .height(SIZE)
            .title("learned reward" + (reward.stateOnly() ? "" : ", mean over actions"))
            .xAxisTitle("observation[0]")
            .yAxisTitle("observation[1]")
            .build();
    style(chart);
    chart
        .getStyler()
        .setRangeColors(new Color[] {new Color(0x2166AC), Color.WHITE, new Color(0xB2182B)});
    chart.getStyler().setPlotContentSize(1);
    chart.getStyler().setXAxisMaxLabelCount(6);
    chart.getStyler().setLegendVisible(true);
    chart.addSeries("reward", labels(xs), labels(ys), List.of(cells));
    // The library takes the largest of negative values for 0, and writes all digits of both.
    chart.getStyler().setMin(Math.floor(100 * Arrays.stream(values).min().orElse(0)) / 100);
    chart.getStyler().setMax(Math.ceil(100 * Arrays.stream(values).max().orElse(0)) / 100);
    return chart;
  }

  private static void style(Chart<?, ?> chart) {
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setLegendVisible(false);
    chart.getStyler().setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 26));
  }

  private static List<String> labels(double[] values) {
    return Arrays.stream(values).mapToObj(v -> String.format(Locale.ROOT, "%.2f", v)).toList();
  }

  /** Middles of cells that span the box, or, where it has no bounds, the transitions. */
  private double[] axis(int component) {
    double[] seen = transitions.observations().array().toDoubles();
    Box box = (Box) reward.observationSpace();
    double low = box.low().getDouble(component);
    double high = box.high().getDouble(component);
    if (!(high - low < UNBOUNDED)) {
      double[] values =
          IntStream.range(0, seen.length / 2).mapToDouble(i -> seen[2 * i + component]).toArray();
      low = Arrays.stream(values).min().orElse(0);
      high = Arrays.stream(values).max().orElse(0);
    }
    double first = low;
    double width = (high - low) / CELLS;
    double[] middles = new double[CELLS];
    Arrays.setAll(middles, i -> first + (i + 0.5) * width);
    return middles;
  }

  /** The mean over all actions of a Discrete space; otherwise over those of the transitions. */
  private double[] overActions(float[] states) {
    int n = states.length / 2;
    NdArray observations = NdArray.of(states, n, 2).cast(dtype(reward.observationSpace()));
    boolean discrete = reward.actionSpace() instanceof Discrete;
    int count =
        reward.actionSpace() instanceof Discrete choices
            ? (int) Math.min(choices.n(), 64)
            : Math.min(transitions.size(), 16);
    double[] sums = new double[n];
    for (int action = 0; action < count; action++) {
      int[] same = new int[n];
      Arrays.fill(same, (int) ((long) action * transitions.size() / count));
      long[] choice = new long[n];
      Arrays.fill(
          choice, reward.actionSpace() instanceof Discrete choices ? choices.start() + action : 0);
      double[] values =
          reward.of(
              observations,
              discrete ? NdArray.of(choice, n) : transitions.actions().take(same),
              observations,
              new boolean[n]);
      for (int i = 0; i < n; i++) {
        sums[i] += values[i] / count;
      }
    }
    return sums;
  }

  private static DType dtype(Space space) {
    return ((Box) space).low().dtype();
  }
}
