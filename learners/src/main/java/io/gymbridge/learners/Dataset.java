package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.Value;
import java.util.Arrays;

/**
 * Observations with the actions that a policy should answer them with, encoded for a network, in
 * the order in which they came. Grows; not thread-safe.
 */
final class Dataset {
  private final ObservationEncoder encoder;
  private final ActionHead head;
  private float[] features = new float[0];
  private float[] targets = new float[0];
  private int[] episodes = new int[0];
  private int size;

  Dataset(ObservationEncoder encoder, ActionHead head) {
    this.encoder = encoder;
    this.head = head;
  }

  /** Adds a batch of observations and actions; {@code episode} says which belong together. */
  void add(Value observations, Value actions, int[] episode) {
    float[] newFeatures = encoder.encode(observations);
    float[] newTargets = head.targets(actions);
    int count = episode.length;
    if (newFeatures.length != count * encoder.width()
        || newTargets.length != count * head.targetSize()) {
      throw new IllegalArgumentException("observations and actions differ in number");
    }
    int needed = Math.addExact(size, count);
    if (needed > episodes.length) {
      int capacity = Math.max(needed, (int) Math.min(Integer.MAX_VALUE, 2L * size));
      features = Arrays.copyOf(features, Math.multiplyExact(capacity, encoder.width()));
      targets = Arrays.copyOf(targets, Math.multiplyExact(capacity, head.targetSize()));
      episodes = Arrays.copyOf(episodes, capacity);
    }
    System.arraycopy(newFeatures, 0, features, size * encoder.width(), newFeatures.length);
    System.arraycopy(newTargets, 0, targets, size * head.targetSize(), newTargets.length);
    System.arraycopy(episode, 0, episodes, size, count);
    size = needed;
  }

  /** Saves or restores everything. */
  void exchange(EnvState saved) {
    size = saved.integer(size, 0, Integer.MAX_VALUE);
    features = Arrays.copyOf(features, Math.multiplyExact(size, encoder.width()));
    targets = Arrays.copyOf(targets, Math.multiplyExact(size, head.targetSize()));
    episodes = Arrays.copyOf(episodes, size);
    saved.floats(features);
    saved.floats(targets);
    for (int row = 0; row < size; row++) {
      episodes[row] = saved.integer(episodes[row], Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
  }

  int size() {
    return size;
  }

  float[] targets() {
    return targets;
  }

  /** Which episode a row belongs to. */
  int episode(int row) {
    return episodes[row];
  }

  /** All features in the units that the network sees, with its present normalisation. */
  float[] normalisedFeatures() {
    return encoder.normalise(features, size);
  }

  /** Takes the network's normalisation from all rows, and its action scale if it has none yet. */
  void normalise(PolicyNetwork network) {
    network.head().fitScale(targets, size);
    if (!encoder.normalises()) {
      return;
    }
    int width = encoder.width();
    double[] mean = new double[width];
    double[] std = new double[width];
    for (int i = 0; i < size * width; i++) {
      mean[i % width] += features[i] / (double) size;
    }
    for (int i = 0; i < size * width; i++) {
      double difference = features[i] - mean[i % width];
      std[i % width] += difference * difference / size;
    }
    for (int i = 0; i < width; i++) {
      std[i] = Math.max(Math.sqrt(std[i]), ObservationEncoder.MIN_STD);
    }
    network.renormalise(mean, std);
  }
}
