package io.gymbridge.cli.bench;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * A statistic over repetitions, and the bounds of its 95 % confidence interval by the percentile
 * bootstrap (Efron, 1979): 2,000 draws of as many repetitions, with replacement.
 */
public record Interval(double low, double value, double high) {
  private static final int DRAWS = 2_000;
  private static final long SEED = 20_260;

  /** Of the median. */
  public static Interval median(double[] repetitions) {
    return of(repetitions.length, drawn -> medianOf(pick(repetitions, drawn)));
  }

  /**
   * Of the median of the quotients. The repetitions of both were made in turn: the i-th of one
   * belongs to the i-th of the other, so that what the machine did at that time weighs on both.
   */
  public static Interval ratio(double[] numerators, double[] denominators) {
    double[] quotients = new double[Math.min(numerators.length, denominators.length)];
    Arrays.setAll(quotients, i -> numerators[i] / denominators[i]);
    return median(quotients);
  }

  private static Interval of(int repetitions, ToDoubleFunction<int[]> statistic) {
    SplittableRandom random = new SplittableRandom(SEED);
    double[] values = new double[DRAWS];
    for (int draw = 0; draw < DRAWS; draw++) {
      values[draw] = statistic.applyAsDouble(random.ints(repetitions, 0, repetitions).toArray());
    }
    Arrays.sort(values);
    int[] all = new int[repetitions];
    Arrays.setAll(all, i -> i);
    return new Interval(
        values[(int) (DRAWS * 0.025)],
        statistic.applyAsDouble(all),
        values[(int) (DRAWS * 0.975) - 1]);
  }

  private static double[] pick(double[] values, int[] indices) {
    return Arrays.stream(indices).mapToDouble(i -> values[i]).toArray();
  }

  /** The middle; of an even number, the mean of the two in the middle. */
  public static double medianOf(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
