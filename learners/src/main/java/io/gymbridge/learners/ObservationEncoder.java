package io.gymbridge.learners;

import io.gymbridge.core.Box;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.Arrays;

/**
 * Turns observations into a network's inputs: a Box is flattened, normalised by the mean and
 * standard deviation of the training data and clipped to ±{@value #CLIP}; a Discrete is one-hot.
 *
 * <p>Not thread-safe while the normalisation changes.
 */
final class ObservationEncoder {
  /** In standard deviations, as Stable-Baselines3's VecNormalize has it. */
  static final double CLIP = 10;

  /** Least standard deviation: a component that never moved is not blown up. */
  static final double MIN_STD = 1e-3;

  private final Space space;
  private final int width;
  private double[] mean;
  private double[] std;

  ObservationEncoder(Space space) {
    boolean box = space instanceof Box;
    if (!box && !(space instanceof Discrete)) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "no policy network for observations in %s: Box and Discrete are supported, flatten others first"
              .formatted(space));
    }
    this.space = space;
    this.width = space.flatSize();
    this.mean = new double[width];
    this.std = new double[width];
    Arrays.fill(std, 1);
  }

  Space space() {
    return space;
  }

  /** Number of inputs of the network. */
  int width() {
    return width;
  }

  double[] mean() {
    return mean.clone();
  }

  double[] std() {
    return std.clone();
  }

  void setNormalisation(double[] newMean, double[] newStd) {
    if (newMean.length != width || newStd.length != width) {
      throw new IllegalArgumentException("expected %d means and stds".formatted(width));
    }
    mean = newMean.clone();
    std = newStd.clone();
  }

  /**
   * Flattens a batch of N observations to N rows of {@link #width} numbers, not yet normalised.
   *
   * @throws GymException INVALID_ARGUMENT if they are not numbers, or not of the space's size
   */
  float[] encode(Value observations) {
    NdArray array = observations.array();
    int n = observations.batchSize();
    if (space instanceof Discrete discrete) {
      float[] rows = new float[n * width];
      for (int row = 0; row < n; row++) {
        long choice = array.getLong(row) - discrete.start();
        if (array.size() != n || choice < 0 || choice >= width) {
          throw new GymException(
              Kind.INVALID_ARGUMENT, "observation %d is not in %s".formatted(row, space));
        }
        rows[row * width + (int) choice] = 1;
      }
      return rows;
    }
    if (array.size() != n * width) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "observations are %s, expected a batch from %s".formatted(array, space));
    }
    float[] rows = array.toFloats();
    for (int i = 0; i < rows.length; i++) {
      if (!Float.isFinite(rows[i])) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "observation %d, component %d is %s".formatted(i / width, i % width, rows[i]));
      }
    }
    return rows;
  }

  /** Rows of {@link #encode} in the units that the network sees, in a new array. */
  float[] normalise(float[] rows, int count) {
    float[] normalised = new float[count * width];
    for (int i = 0; i < normalised.length; i++) {
      int component = i % width;
      double value = (rows[i] - mean[component]) / std[component];
      normalised[i] = (float) Math.max(-CLIP, Math.min(CLIP, value));
    }
    return normalised;
  }

  /** Whether observations are normalised at all: one-hot ones are not. */
  boolean normalises() {
    return space instanceof Box;
  }

  /** Saves or restores the normalisation. */
  void exchange(EnvState saved) {
    saved.reals(mean);
    saved.reals(std);
  }
}
