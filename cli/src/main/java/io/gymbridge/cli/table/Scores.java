package io.gymbridge.cli.table;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Scores of several runs as Agarwal et al. (2021, "Deep reinforcement learning at the edge of the
 * statistical precipice", and their library rliable) sum them up.
 */
public final class Scores {
  private static final int RESAMPLES = 2_000;

  private Scores() {}

  /**
   * An estimate and its interval.
   *
   * @param value of the runs themselves
   * @param low the 2.5th percentile of the resamples
   * @param high the 97.5th
   */
  public record Interval(double value, double low, double high) {}

  /** (score − random) / (expert − random): 0 for random actions, 1 for the expert. */
  public static double normalised(double score, double random, double expert) {
    return (score - random) / (expert - random);
  }

  /** Mean; NaN of nothing. */
  public static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** Standard deviation, dividing by the number; NaN of nothing. */
  public static double sd(double[] values) {
    double mean = mean(values);
    return Math.sqrt(
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElse(Double.NaN));
  }

  /**
   * Interquartile mean: of what is left when a quarter of the values, rounded down, is cut off at
   * either end. Of fewer than four values it is the mean.
   */
  public static double interquartileMean(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int cut = sorted.length / 4;
    return mean(Arrays.copyOfRange(sorted, cut, sorted.length - cut));
  }

  /**
   * Interquartile mean over all runs of all tasks, and a 95 % interval by the stratified bootstrap:
   * runs are drawn again within each task.
   *
   * @param tasks one array of scores for each task, one score for each run
   */
  public static Interval interquartileMean(List<double[]> tasks) {
    SplittableRandom random = new SplittableRandom(0);
    double[] resampled = new double[RESAMPLES];
    for (int i = 0; i < RESAMPLES; i++) {
      resampled[i] =
          interquartileMean(
              tasks.stream()
                  .flatMapToDouble(
                      runs -> Arrays.stream(runs).map(run -> runs[random.nextInt(runs.length)]))
                  .toArray());
    }
    Arrays.sort(resampled);
    return new Interval(
        interquartileMean(tasks.stream().flatMapToDouble(Arrays::stream).toArray()),
        percentile(resampled, 0.025),
        percentile(resampled, 0.975));
  }

  /** Between neighbours linearly, as NumPy does. */
  private static double percentile(double[] sorted, double part) {
    double at = part * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(sorted.length - 1, below + 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
