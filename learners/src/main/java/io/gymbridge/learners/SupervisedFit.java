package io.gymbridge.learners;

import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

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
  private final SplittableRandom random;
  private NetworkTrainer trainer;

  SupervisedFit(PolicyNetwork network, int batchSize, double weightDecay, long seed) {
    this.network = network;
    this.batchSize = batchSize;
    this.weightDecay = weightDecay;
    this.random = new SplittableRandom(seed);
    this.trainer = new NetworkTrainer(network, batchSize);
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
    if (trainer.batchSize() != batch) {
      trainer = new NetworkTrainer(network, batch);
    }
    int[] order = rows.clone();
    int next = order.length;
    double sum = 0;
    int summed = 0;
    for (int step = 1; step <= steps; step++) {
      if (next + batch > order.length) {
        shuffle(order);
        next = 0;
      }
      double decay = 0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * (step - 1) / steps));
      sum += trainer.step(features, targets, order, next, learningRate * decay, weightDecay);
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

  private void shuffle(int[] order) {
    for (int i = order.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[other];
      order[other] = swapped;
    }
  }

  /** Mean loss over some rows. */
  double loss(float[] features, float[] targets, int[] rows) {
    double sum = 0;
    for (int from = 0; from < rows.length; from += CHUNK) {
      int[] chunk = java.util.Arrays.copyOfRange(rows, from, Math.min(rows.length, from + CHUNK));
      sum += network.head().loss(outputs(features, chunk), targets, chunk) * chunk.length;
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
  INDArray save() {
    return network.network().params().dup();
  }

  void restore(INDArray saved) {
    network.network().params().assign(saved);
  }
}
