package io.gymbridge.core.wrappers;

import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import java.util.Arrays;

/**
 * Mean and variance of all rows seen so far, component by component, by the parallel algorithm of
 * Chan, Golub and LeVeque (1979), with Gymnasium's beginning: mean 0, variance 1, and a count of
 * 1e-4.
 *
 * <p>With {@code float32} every operation is rounded to {@code float32} in NumPy's order, so that
 * the numbers are Gymnasium's: the first few observations differ from their own mean in the last
 * digits only, and rounding shows. Not thread-safe.
 */
public final class RunningMeanStd {
  private static final double INITIAL_COUNT = 1e-4;

  private final boolean single;
  private final double[] mean;
  private final double[] variance;
  private double count = INITIAL_COUNT;

  /**
   * What there is to save and load.
   *
   * @param mean one per component
   * @param variance likewise, 0 or more each
   * @param count rows seen, more than 0; not whole, because it begins with 1e-4
   */
  public record State(double[] mean, double[] variance, double count) {
    public State {
      mean = mean.clone();
      variance = variance.clone();
      if (mean.length != variance.length) {
        throw new IllegalArgumentException(
            "got %d means but %d variances".formatted(mean.length, variance.length));
      }
      if (!(count > 0) || !Arrays.stream(variance).allMatch(v -> v >= 0)) {
        throw new IllegalArgumentException(
            "the count must be above 0 and the variances at least 0, got %s and %s"
                .formatted(count, Arrays.toString(variance)));
      }
    }

    @Override
    public double[] mean() {
      return mean.clone();
    }

    @Override
    public double[] variance() {
      return variance.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof State that
          && Arrays.equals(mean, that.mean)
          && Arrays.equals(variance, that.variance)
          && count == that.count;
    }

    @Override
    public int hashCode() {
      return 31 * (31 * Arrays.hashCode(mean) + Arrays.hashCode(variance)) + Double.hashCode(count);
    }

    @Override
    public String toString() {
      return "State[mean=%s, variance=%s, count=%s]"
          .formatted(Arrays.toString(mean), Arrays.toString(variance), count);
    }
  }

  /**
   * Statistics of nothing yet.
   *
   * @param size components of a row
   * @param dtype {@code float32} or {@code float64}: the type to calculate in
   */
  public RunningMeanStd(int size, DType dtype) {
    if (dtype != DType.FLOAT32 && dtype != DType.FLOAT64) {
      throw new IllegalArgumentException(
          "expected float32 or float64 statistics, got " + dtype.numpyName());
    }
    this.single = dtype == DType.FLOAT32;
    this.mean = new double[size];
    this.variance = new double[size];
    Arrays.fill(variance, 1);
  }

  /** Takes rows into account, one after the other in one array: n times {@code size} components. */
  public void update(double[] rows) {
    int size = mean.length;
    if (rows.length == 0 || rows.length % size != 0) {
      throw new IllegalArgumentException(
          "expected rows of %d components, got %d components".formatted(size, rows.length));
    }
    int n = rows.length / size;
    for (int i = 0; i < size; i++) {
      double batchMean = meanOfColumn(rows, i, n);
      merge(i, batchMean, varianceOfColumn(rows, i, n, batchMean), n);
    }
    count += n;
  }

  private double meanOfColumn(double[] rows, int column, int n) {
    double sum = 0;
    for (int i = column; i < rows.length; i += mean.length) {
      sum = round(sum + rows[i]);
    }
    return round(sum / n);
  }

  private double varianceOfColumn(double[] rows, int column, int n, double columnMean) {
    double sum = 0;
    for (int i = column; i < rows.length; i += mean.length) {
      double deviation = round(rows[i] - columnMean);
      sum = round(sum + round(deviation * deviation));
    }
    return round(sum / n);
  }

  private void merge(int i, double batchMean, double batchVariance, int n) {
    double before = round(count);
    double total = round(count + n);
    double delta = round(batchMean - mean[i]);
    double between = round(round(round(round(delta * delta) * before) * n) / total);
    double within = round(round(variance[i] * before) + round(batchVariance * n));
    mean[i] = round(mean[i] + round(round(delta * n) / total));
    variance[i] = round(round(within + between) / total);
  }

  /** (value − mean) / √(variance + epsilon), row by row. */
  double[] normalize(double[] rows, double epsilon) {
    int size = mean.length;
    double[] deviations = new double[size];
    for (int i = 0; i < size; i++) {
      deviations[i] = round(Math.sqrt(round(variance[i] + round(epsilon))));
    }
    double[] normalized = new double[rows.length];
    for (int i = 0; i < rows.length; i++) {
      normalized[i] = round(round(rows[i] - mean[i % size]) / deviations[i % size]);
    }
    return normalized;
  }

  /**
   * A {@code float32} operation is the {@code double} one, rounded: 53 bits are enough for that.
   */
  private double round(double value) {
    return single ? (float) value : value;
  }

  /** √(variance + epsilon) of the only component. */
  double deviation(double epsilon) {
    return Math.sqrt(variance[0] + epsilon);
  }

  /** A copy. */
  public State state() {
    return new State(mean, variance, count);
  }

  /**
   * Goes on from a saved state.
   *
   * @throws IllegalArgumentException if it has another number of components
   */
  public void restore(State state) {
    if (state.mean.length != mean.length) {
      throw new IllegalArgumentException(
          "got statistics of %d components, expected %d".formatted(state.mean.length, mean.length));
    }
    for (int i = 0; i < mean.length; i++) {
      mean[i] = round(state.mean[i]);
      variance[i] = round(state.variance[i]);
    }
    count = state.count;
  }

  /** Saves or restores all of it, but the number of components. */
  public void exchange(EnvState saved) {
    saved.reals(mean);
    saved.reals(variance);
    count = saved.real(count);
  }
}
