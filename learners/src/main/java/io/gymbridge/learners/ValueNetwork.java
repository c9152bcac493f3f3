package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.learners.nn.Adam;
import io.gymbridge.learners.nn.Mlp;
import io.gymbridge.learners.nn.SeededRandom;
import java.util.Arrays;
import java.util.SplittableRandom;

/** The value of states, V(s), by a network of the policy's architecture. Not thread-safe. */
final class ValueNetwork {
  /** Rows whose values are computed at once. */
  private static final int CHUNK = 1024;

  private final Mlp mlp;
  private final Mlp.Pass pass;
  private final Adam adam;
  private final SeededRandom order;
  private final float[] gradient;

  ValueNetwork(int inputs, PolicyNetwork.Architecture architecture, long seed) {
    mlp = new Mlp(new Mlp.Shape(inputs, architecture.hidden(), 1, architecture.activation()));
    SplittableRandom seeds = new SplittableRandom(seed);
    mlp.initialise(seeds.split(), Math.sqrt(2), 1);
    order = new SeededRandom(seeds.nextLong());
    adam = new Adam(mlp.parameters(), 1e-5);
    gradient = new float[mlp.parameters().length];
    pass = mlp.pass(CHUNK);
  }

  /** Values of n rows of features, of which {@code rows} begins at {@code first}. */
  void values(float[] features, int first, int n, double[] values) {
    int width = mlp.shape().inputs();
    for (int from = 0; from < n; from += CHUNK) {
      int count = Math.min(CHUNK, n - from);
      System.arraycopy(features, (first + from) * width, pass.input(), 0, count * width);
      pass.forward(count);
      for (int i = 0; i < count; i++) {
        values[first + from + i] = pass.output()[i];
      }
    }
  }

  /** Values and next values of a whole rollout. */
  void fill(Rollout rollout, ObservationEncoder encoder) {
    values(rollout.features, 0, rollout.rows(), rollout.values);
    int lanes = rollout.lanes;
    int last = rollout.rows() - lanes;
    System.arraycopy(rollout.values, lanes, rollout.nextValues, 0, last);
    // Where no step of the same episode follows, the value of what came after is not there yet.
    for (int row = 0; row < rollout.rows(); row++) {
      if (rollout.terminated[row]) {
        rollout.nextValues[row] = 0;
      } else if (rollout.truncated[row] || row >= last) {
        float[] next =
            Arrays.copyOfRange(
                rollout.nextObservations, row * rollout.width, (row + 1) * rollout.width);
        System.arraycopy(encoder.normalise(next, 1), 0, pass.input(), 0, rollout.width);
        pass.forward(1);
        rollout.nextValues[row] = pass.output()[0];
      }
    }
  }

  /**
   * Descends on half the squared error of a rollout's {@link Rollout#returns}, by minibatches.
   *
   * @param valid the rows that are transitions
   * @param batchSize at most {@value #CHUNK}
   * @return the mean squared error of the minibatches
   */
  double fit(
      Rollout rollout,
      int[] valid,
      int epochs,
      int batchSize,
      double learningRate,
      double maxGradientNorm) {
    int[] rows = valid.clone();
    int n = Math.min(Math.min(batchSize, CHUNK), rows.length);
    int width = rollout.width;
    double sum = 0;
    int count = 0;
    for (int epoch = 0; epoch < epochs; epoch++) {
      Shuffle.apply(rows, order);
      for (int from = 0; from + n <= rows.length; from += n) {
        for (int i = 0; i < n; i++) {
          System.arraycopy(
              rollout.features, rows[from + i] * width, pass.input(), i * width, width);
        }
        pass.forward(n);
        double loss = 0;
        for (int i = 0; i < n; i++) {
          double error = pass.output()[i] - rollout.returns[rows[from + i]];
          loss += error * error / n;
          pass.outputGradient()[i] = (float) (error / n);
        }
        Arrays.fill(gradient, 0);
        pass.backward(n, gradient);
        Adam.clip(gradient, maxGradientNorm);
        adam.step(gradient, learningRate);
        sum += loss;
        count++;
      }
    }
    return sum / count;
  }

  /** Saves or restores all of it, optimiser and generator included. */
  void exchange(EnvState saved) {
    saved.floats(mlp.parameters());
    adam.exchange(saved);
    order.exchange(saved);
  }
}
