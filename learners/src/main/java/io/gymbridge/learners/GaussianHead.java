package io.gymbridge.learners;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.learners.nn.DiagonalGaussian;
import io.gymbridge.learners.nn.Distribution;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * A diagonal Gaussian for Box actions, with a standard deviation that does not depend on the state.
 *
 * <p>Targets are in units in which a bounded component spans [−1, 1], so that the scale of the
 * actions does not matter; components without two finite bounds are scaled by the mean and standard
 * deviation of the first training targets. The loss is the plain mean squared error, or the
 * negative log-likelihood with two choices of our own:
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
  private final DiagonalGaussian distribution;

  /** Of which the logarithms of the standard deviations are those from {@link #offset} on. */
  private float[] parameters;

  private int offset;
  private boolean scaled;

  GaussianHead(Box space) {
    this.space = space;
    int size = space.flatSize();
    this.bounded = new boolean[size];
    this.center = new double[size];
    this.scale = new double[size];
    this.distribution = new DiagonalGaussian(size, false);
    this.parameters = new float[size];
    for (int i = 0; i < size; i++) {
      double low = space.low().getDouble(i);
      double high = space.high().getDouble(i);
      bounded[i] = Double.isFinite(low) && Double.isFinite(high) && low < high;
      center[i] = bounded[i] ? (low + high) / 2 : 0;
      scale[i] = bounded[i] ? (high - low) / 2 : 1;
    }
  }

  @Override
  public Distribution distribution() {
    return distribution;
  }

  @Override
  public void bind(float[] shared, int from) {
    parameters = shared;
    offset = from;
    Arrays.fill(parameters, offset, offset + center.length, 0);
  }

  private double variance(int component) {
    return Math.exp(2 * parameters[offset + component]);
  }

  private void setVariance(int component, double variance) {
    double least = Math.max(variance, MIN_STD * MIN_STD);
    parameters[offset + component] = (float) (0.5 * Math.log(least));
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
  public void exchangeScale(EnvState saved) {
    saved.reals(center);
    saved.reals(scale);
    scaled = saved.flag(scaled);
  }

  @Override
  public double loss(
      Loss kind, float[] outputs, float[] targets, int[] rows, int from, int n, float[] gradient) {
    return kind == Loss.MSE
        ? squaredError(outputs, targets, rows, from, n, gradient)
        : negativeLogLikelihood(outputs, targets, rows, from, n, gradient);
  }

  /** Over a minibatch, per component; every residual counts, also beyond a bound. */
  private double squaredError(
      float[] outputs, float[] targets, int[] rows, int from, int n, float[] gradient) {
    int size = center.length;
    double loss = 0;
    for (int at = 0; at < n * size; at++) {
      int row = rows[from + at / size];
      double residual = outputs[at] - wanted(targets[row * size + at % size], at % size);
      loss += residual * residual / (n * size);
      gradient[at] = (float) (2 * residual / (n * size));
    }
    return loss;
  }

  private double negativeLogLikelihood(
      float[] outputs, float[] targets, int[] rows, int from, int n, float[] gradient) {
    int size = center.length;
    double loss = 0;
    for (int i = 0; i < size; i++) {
      double variance = variance(i);
      double squares = 0;
      for (int row = 0; row < n; row++) {
        double residual =
            residual(outputs[row * size + i], targets[rows[from + row] * size + i], i);
        squares += residual * residual;
        gradient[row * size + i] = (float) (residual / (variance * n));
      }
      loss += 0.5 * (squares / n / variance + Math.log(variance) + LOG_2_PI);
      // The gradient above is that of the loss with the variance held; it moves for the next batch.
      setVariance(i, TRACKING * variance + (1 - TRACKING) * squares / n);
    }
    return loss;
  }

  @Override
  public double loss(Loss kind, float[] outputs, float[] targets, int[] rows) {
    if (kind == Loss.MSE) {
      return squaredError(outputs, targets, rows, 0, rows.length, new float[outputs.length]);
    }
    double loss = 0;
    double[] meanSquares = meanSquares(outputs, targets, rows);
    for (int i = 0; i < center.length; i++) {
      double variance = variance(i);
      loss += 0.5 * (meanSquares[i] / variance + Math.log(variance) + LOG_2_PI);
    }
    return loss;
  }

  /** Sets the standard deviations to the maximum of the likelihood on these rows. */
  void fitStd(float[] outputs, float[] targets, int[] rows) {
    double[] meanSquares = meanSquares(outputs, targets, rows);
    for (int i = 0; i < center.length; i++) {
      setVariance(i, meanSquares[i]);
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

  /** A target in the units of the outputs. */
  private double wanted(double target, int component) {
    return (target - center[component]) / scale[component];
  }

  private double residual(double output, double target, int component) {
    double wanted = wanted(target, component);
    if (bounded[component]) {
      if ((wanted >= 1 - 1e-6 && output > wanted) || (wanted <= -1 + 1e-6 && output < wanted)) {
        return 0;
      }
    }
    return output - wanted;
  }

  /** Mean of the distribution, in the units of the space, before clipping. */
  double mean(float output, int component) {
    return output * scale[component] + center[component];
  }

  @Override
  public Box space() {
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
    return IntStream.range(0, center.length).mapToDouble(this::variance).toArray();
  }

  /** Standard deviations in the units of the space, as logarithms. */
  float[] logStd() {
    float[] logStd = new float[center.length];
    for (int i = 0; i < logStd.length; i++) {
      logStd[i] = (float) (parameters[offset + i] + Math.log(scale[i]));
    }
    return logStd;
  }

  /** Takes over what {@link #center}, {@link #scale} and {@link #variance} gave. */
  void restore(double[] savedCenter, double[] savedScale, double[] savedVariance) {
    System.arraycopy(savedCenter, 0, center, 0, center.length);
    System.arraycopy(savedScale, 0, scale, 0, scale.length);
    for (int i = 0; i < savedVariance.length; i++) {
      setVariance(i, savedVariance[i]);
    }
    scaled = true;
  }

  @Override
  public Value clip(Value actions) {
    return space.clip(actions.array());
  }

  @Override
  public NdArray decide(float[] outputs, int n) {
    return toSpace(outputs, n);
  }

  @Override
  public NdArray sample(float[] outputs, int n, RandomGenerator random) {
    float[] actions = new float[n * center.length];
    float[] logStd = Arrays.copyOfRange(parameters, offset, offset + center.length);
    for (int row = 0; row < n; row++) {
      distribution.sample(outputs, logStd, row, random, actions);
    }
    return toSpace(actions, n);
  }

  @Override
  public NdArray toSpace(float[] actions, int n) {
    double[] values = new double[n * center.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = mean(actions[i], i % center.length);
    }
    return space.clip(NdArray.ofDoubles(DType.FLOAT64, values, n, center.length));
  }

  @Override
  public float[] fromSpace(Value actions) {
    float[] values = targets(actions);
    for (int i = 0; i < values.length; i++) {
      int component = i % center.length;
      values[i] = (float) ((values[i] - center[component]) / scale[component]);
    }
    return values;
  }
}
