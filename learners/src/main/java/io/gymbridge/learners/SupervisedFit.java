package io.gymbridge.learners;

import io.gymbridge.learners.nn.Adam;
import io.gymbridge.learners.nn.Mlp;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Fits a {@link PolicyNetwork} to a {@link Dataset} by minibatches: what behavioural cloning and
 * each round of DAgger have in common. Seeded: the same calls give the same bits.
 */
final class SupervisedFit {
  /** Rows whose loss is computed at once when a loss is measured. */
  private static final int CHUNK = 4096;

  private final PolicyNetwork network;
  private final int batchSize;
  private final double weightDecay;
  private final Loss loss;
  private final SplittableRandom random;
  private final Adam adam;
  private final float[] gradient;
  private Mlp.Pass pass;

  /** Takes batch size, weight decay and loss from a configuration. */
  SupervisedFit(PolicyNetwork network, BehavioralCloning.Config config, long seed) {
    this.network = network;
    this.batchSize = config.batchSize();
    this.weightDecay = config.weightDecay();
    this.loss = config.loss();
    this.random = new SplittableRandom(seed);
    this.adam = new Adam(network.trained(), network.mlp().shape().parameters(), 1e-8);
    this.gradient = new float[network.mlp().shape().parameters()];
    this.pass = network.mlp().pass(config.batchSize());
  }

  /** Told after every {@code every} steps; answers whether to go on. */
  @FunctionalInterface
  interface Check {
    boolean goOn(int step, double meanLoss);
  }

  /**
   * Takes {@code steps} gradient steps on the given rows, reshuffled in every pass.
   *
   * @param learningRate falls from this by a half cosine to a hundredth of it at the last step
   * @return mean training loss since the last check
   */
  double run(
      float[] features,
      float[] targets,
      int[] rows,
      int steps,
      double learningRate,
      int every,
      Check check) {
    int batch = Math.min(batchSize, rows.length);
    int[] order = rows.clone();
    int next = order.length;
    double sum = 0;
    int summed = 0;
    for (int step = 1; step <= steps; step++) {
      if (next + batch > order.length) {
        Shuffle.apply(order, random);
        next = 0;
      }
      double decay = 0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * (step - 1) / steps));
      sum += step(features, targets, order, next, batch, learningRate * decay);
      summed++;
      next += batch;
      if (step % every == 0 || step == steps) {
        double mean = sum / summed;
        if (!check.goOn(step, mean) || step == steps) {
          return mean;
        }
        sum = 0;
        summed = 0;
      }
    }
    return Double.NaN;
  }

  /** One minibatch: rows[from] … rows[from + n - 1]; gives the mean loss before it. */
  private double step(
      float[] features, float[] targets, int[] rows, int from, int n, double learningRate) {
    double mean = computeGradient(features, targets, rows, from, n);
    network.mlp().decay(learningRate * weightDecay);
    adam.step(gradient, learningRate);
    return mean;
  }

  /** The mean loss, whose gradient it leaves in {@link #gradient}. */
  private double computeGradient(float[] features, float[] targets, int[] rows, int from, int n) {
    int width = network.encoder().width();
    for (int row = 0; row < n; row++) {
      System.arraycopy(features, rows[from + row] * width, pass.input(), row * width, width);
    }
    pass.forward(n);
    double mean =
        network.head().loss(loss, pass.output(), targets, rows, from, n, pass.outputGradient());
    Arrays.fill(gradient, 0);
    pass.backward(n, gradient);
    return mean;
  }

  /** Mean loss over some rows. */
  double loss(float[] features, float[] targets, int[] rows) {
    double sum = 0;
    for (int from = 0; from < rows.length; from += CHUNK) {
      int[] chunk = Arrays.copyOfRange(rows, from, Math.min(rows.length, from + CHUNK));
      sum += network.head().loss(loss, outputs(features, chunk), targets, chunk) * chunk.length;
    }
    return sum / rows.length;
  }

  /** Sets a Gaussian's standard deviations by maximum likelihood on at most 4096 of the rows. */
  void fitStd(float[] features, float[] targets, int[] rows) {
    if (network.head() instanceof GaussianHead gaussian) {
      int stride = (rows.length + CHUNK - 1) / CHUNK;
      int[] chunk = new int[(rows.length + stride - 1) / stride];
      for (int i = 0; i < chunk.length; i++) {
        chunk[i] = rows[i * stride];
      }
      gaussian.fitStd(outputs(features, chunk), targets, chunk);
    }
  }

  private float[] outputs(float[] features, int[] rows) {
    int width = network.encoder().width();
    float[] chosen = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(features, rows[i] * width, chosen, i * width, width);
    }
    return network.outputs(chosen, rows.length);
  }

  /** A copy of the parameters, to come back to. */
  float[] save() {
    return network.trained().clone();
  }

  void restore(float[] saved) {
    System.arraycopy(saved, 0, network.trained(), 0, saved.length);
  }
}
