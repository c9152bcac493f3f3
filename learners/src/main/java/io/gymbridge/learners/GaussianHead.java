package io.gymbridge.learners;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * A diagonal Gaussian for Box actions, with a standard deviation that does not depend on the state.
 *
 * <p>Targets are in units in which a bounded component spans [−1, 1], so that the scale of the
 * actions does not matter; components without two finite bounds are scaled by the mean and standard
 * deviation of the first training targets. The loss is the negative log-likelihood, with two
 * choices of our own:
 *
 * <ul>
 *   <li>The standard deviation is not descended upon but set to what maximises the likelihood given
 *       the means, the root mean square residual, tracked with a moving average of {@value
 *       #TRACKING} and not below {@value #MIN_STD}.
 *   <li>A target on a bound says that the expert wanted the bound <em>or more</em>, since actions
 *       are clipped: an output beyond it counts as a residual of 0 (a one-sided loss, as in
 *       censored regression). MuJoCo experts sit on a bound for a third of their actions and more,
 *       and reproducing the kink with a smooth network is what costs plain regression most of its
 *       accuracy.
 * </ul>
 *
 * <p>Not thread-safe while training.
 */
final class GaussianHead implements ActionHead {
  static final double TRACKING = 0.99;
  static final double MIN_STD = 1e-2;
  private static final double LOG_2_PI = Math.log(2 * Math.PI);

  private final Box space;
  private final boolean[] bounded;
  private final double[] center;
  private final double[] scale;
  private final double[] variance;
  private boolean scaled;

  GaussianHead(Box space) {
    this.space = space;
    int size = space.flatSize();
    this.bounded = new boolean[size];
    this.center = new double[size];
    this.scale = new double[size];
    this.variance = new double[size];
    Arrays.fill(variance, 1);
    for (int i = 0; i < size; i++) {
      double low = space.low().getDouble(i);
      double high = space.high().getDouble(i);
      bounded[i] = Double.isFinite(low) && Double.isFinite(high) && low < high;
      center[i] = bounded[i] ? (low + high) / 2 : 0;
      scale[i] = bounded[i] ? (high - low) / 2 : 1;
    }
  }

  @Override
  public int outputs() {
    return center.length;
  }

  @Override
  public int targetSize() {
    return center.length;
  }

  @Override
  public float[] targets(Value actions) {
    float[] targets = actions.array().toFloats();
    if (targets.length != actions.batchSize() * center.length) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "actions are " + actions + ", expected a batch from " + space);
    }
    for (int i = 0; i < targets.length; i++) {
      int component = i % center.length;
      double low = space.low().getDouble(component);
      double high = space.high().getDouble(component);
      // Experts and recordings leave the space now and then; the environment would clip them too.
      float clipped = (float) Math.max(low, Math.min(high, targets[i]));
      if (!Float.isFinite(clipped)) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "action %d, component %d is %s".formatted(i / center.length, component, clipped));
      }
      targets[i] = clipped;
    }
    return targets;
  }

  @Override
  public void fitScale(float[] targets, int count) {
    if (scaled) {
      return;
    }
    scaled = true;
    int size = center.length;
    for (int i = 0; i < size; i++) {
      if (bounded[i]) {
        continue;
      }
      double sum = 0;
      double squares = 0;
      for (int row = 0; row < count; row++) {
        double value = targets[row * size + i];
        sum += value;
        squares += value * value;
      }
      center[i] = sum / count;
      double std = Math.sqrt(Math.max(0, squares / count - center[i] * center[i]));
      scale[i] = std > 1e-6 ? std : 1;
    }
  }

  @Override
  public double loss(Matrix outputs, float[] targets, int[] rows, int from, Matrix gradient) {
    int n = outputs.rows;
    double loss = 0;
    for (int i = 0; i < center.length; i++) {
      double squares = 0;
      for (int row = 0; row < n; row++) {
        double residual =
            residual(outputs.get(row, i), targets[rows[from + row] * center.length + i], i);
        squares += residual * residual;
        gradient.put(row, i, residual / (variance[i] * n));
      }
      loss += 0.5 * (squares / n / variance[i] + Math.log(variance[i]) + LOG_2_PI);
      // The gradient above is that of the loss with the variance held; it moves for the next batch.
      variance[i] = floored(TRACKING * variance[i] + (1 - TRACKING) * squares / n);
    }
    return loss;
  }

  @Override
  public double loss(float[] outputs, float[] targets, int[] rows) {
    double loss = 0;
    double[] meanSquares = meanSquares(outputs, targets, rows);
    for (int i = 0; i < center.length; i++) {
      loss += 0.5 * (meanSquares[i] / variance[i] + Math.log(variance[i]) + LOG_2_PI);
    }
    return loss;
  }

  /** Sets the standard deviations to the maximum of the likelihood on these rows. */
  void fitStd(float[] outputs, float[] targets, int[] rows) {
    double[] meanSquares = meanSquares(outputs, targets, rows);
    for (int i = 0; i < center.length; i++) {
      variance[i] = floored(meanSquares[i]);
    }
  }

  private double[] meanSquares(float[] outputs, float[] targets, int[] rows) {
    double[] sums = new double[center.length];
    for (int row = 0; row < rows.length; row++) {
      for (int i = 0; i < center.length; i++) {
        double residual =
            residual(outputs[row * center.length + i], targets[rows[row] * center.length + i], i);
        sums[i] += residual * residual / rows.length;
      }
    }
    return sums;
  }

  private double residual(double output, double target, int component) {
    double wanted = (target - center[component]) / scale[component];
    if (bounded[component]) {
      if ((wanted >= 1 - 1e-6 && output > wanted) || (wanted <= -1 + 1e-6 && output < wanted)) {
        return 0;
      }
    }
    return output - wanted;
  }

  private static double floored(double variance) {
    return Math.max(variance, MIN_STD * MIN_STD);
  }

  /** Mean of the distribution, in the units of the space, before clipping. */
  double mean(float output, int component) {
    return output * scale[component] + center[component];
  }

  Box space() {
    return space;
  }

  double[] center() {
    return center.clone();
  }

  double[] scale() {
    return scale.clone();
  }

  /** Variances in the units of the targets. */
  double[] variance() {
    return variance.clone();
  }

  /** Standard deviations in the units of the space, as logarithms. */
  float[] logStd() {
    float[] logStd = new float[center.length];
    for (int i = 0; i < logStd.length; i++) {
      logStd[i] = (float) (0.5 * Math.log(variance[i]) + Math.log(scale[i]));
    }
    return logStd;
  }

  /** Takes over what {@link #center}, {@link #scale} and {@link #variance} gave. */
  void restore(double[] savedCenter, double[] savedScale, double[] savedVariance) {
    System.arraycopy(savedCenter, 0, center, 0, center.length);
    System.arraycopy(savedScale, 0, scale, 0, scale.length);
    System.arraycopy(savedVariance, 0, variance, 0, variance.length);
    scaled = true;
  }

  @Override
  public Value clip(Value actions) {
    return space.clip(actions.array());
  }

  @Override
  public NdArray decide(float[] outputs, int n) {
    return actions(outputs, n, null);
  }

  @Override
  public NdArray sample(float[] outputs, int n, RandomGenerator random) {
    return actions(outputs, n, random);
  }

  private NdArray actions(
      float[] outputs, int n, @org.jspecify.annotations.Nullable RandomGenerator random) {
    double[] values = new double[n * center.length];
    for (int i = 0; i < values.length; i++) {
      int component = i % center.length;
      values[i] = mean(outputs[i], component);
      if (random != null) {
        double std = Math.sqrt(variance[component]) * scale[component];
        values[i] += std * random.nextGaussian();
      }
    }
    return space.clip(NdArray.ofDoubles(DType.FLOAT64, values, n, center.length));
  }
}
