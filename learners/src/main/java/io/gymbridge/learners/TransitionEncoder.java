package io.gymbridge.learners;

import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.wrappers.RunningMeanStd;
import io.gymbridge.learners.nn.Categorical;
import java.util.Arrays;

/**
 * Turns rows of a {@link TransitionBatch} into inputs of a discriminator's networks: observations,
 * normalised by running statistics of all rows that were {@link #observe observed}; one number that
 * is 1 for the absorbing state, where there is one; actions, one-hot where they are choices. Not
 * thread-safe.
 */
final class TransitionEncoder {
  private final ObservationEncoder observations;
  private final ActionHead head;
  private final boolean absorbing;
  private final int[] choices;
  private final int actionWidth;
  private final RunningMeanStd statistics;
  private double[] mean = {};
  private double[] std = {};

  TransitionEncoder(ObservationEncoder observations, ActionHead head, boolean absorbing) {
    this.observations = observations;
    this.head = head;
    this.absorbing = absorbing;
    this.choices = head instanceof CategoricalHead categorical ? categorical.choices() : new int[0];
    this.actionWidth =
        head.distribution() instanceof Categorical ? head.outputs() : head.targetSize();
    this.statistics = new RunningMeanStd(observations.width(), DType.FLOAT64);
    adopt();
  }

  /** A copy whose normalisation stays as it is now. */
  TransitionEncoder frozen() {
    ActionHead copy = ActionHead.of(head.space());
    if (head instanceof GaussianHead mine && copy instanceof GaussianHead theirs) {
      theirs.restore(mine.center(), mine.scale(), mine.variance());
    }
    return frozen(new ObservationEncoder(observations.space()), copy, absorbing, mean, std);
  }

  /** One with a normalisation of its own, that is not to {@link #observe} anything. */
  static TransitionEncoder frozen(
      ObservationEncoder observations,
      ActionHead head,
      boolean absorbing,
      double[] mean,
      double[] std) {
    TransitionEncoder encoder = new TransitionEncoder(observations, head, absorbing);
    encoder.mean = mean.clone();
    encoder.std = std.clone();
    return encoder;
  }

  ObservationEncoder observations() {
    return observations;
  }

  ActionHead head() {
    return head;
  }

  /** Whether there is a state after the end. */
  boolean absorbing() {
    return absorbing;
  }

  double[] mean() {
    return mean.clone();
  }

  double[] std() {
    return std.clone();
  }

  /** Numbers for a state. */
  int stateWidth() {
    return observations.width() + (absorbing ? 1 : 0);
  }

  /** Numbers for a state and an action. */
  int stateActionWidth() {
    return stateWidth() + actionWidth;
  }

  /** An empty batch of the right sizes. */
  TransitionBatch batch(int capacity) {
    return new TransitionBatch(capacity, observations.width(), head.targetSize());
  }

  /**
   * Expert transitions; with the absorbing state after each end of the task, where there is one.
   */
  TransitionBatch encode(Transitions transitions) {
    int n = transitions.size();
    int ends = 0;
    for (int i = 0; i < n && absorbing; i++) {
      ends += transitions.terminated()[i] ? 1 : 0;
    }
    TransitionBatch batch = batch(n + ends);
    float[] before = observations.encode(transitions.observations());
    float[] after = observations.encode(transitions.nextObservations());
    float[] actions = head.fromSpace(transitions.actions());
    System.arraycopy(before, 0, batch.observations, 0, before.length);
    System.arraycopy(after, 0, batch.nextObservations, 0, after.length);
    System.arraycopy(actions, 0, batch.actions, 0, actions.length);
    System.arraycopy(transitions.terminated(), 0, batch.terminated, 0, n);
    for (int i = 0; i < ends; i++) {
      batch.setAbsorbing(n + i);
    }
    return batch;
  }

  /** Takes n rows into the statistics, but for the absorbing state. */
  void observe(TransitionBatch batch, int n) {
    if (!observations.normalises()) {
      return;
    }
    int width = batch.width;
    double[] rows = new double[n * width];
    int kept = 0;
    for (int row = 0; row < n; row++) {
      if (!batch.absorbing[row]) {
        for (int i = 0; i < width; i++) {
          rows[kept++] = batch.observations[row * width + i];
        }
      }
    }
    if (kept == 0) {
      return;
    }
    statistics.update(Arrays.copyOf(rows, kept));
    adopt();
  }

  private void adopt() {
    RunningMeanStd.State state = statistics.state();
    mean = state.mean();
    std = state.variance();
    for (int i = 0; i < std.length; i++) {
      std[i] = Math.sqrt(std[i] + 1e-8);
    }
  }

  /** Saves or restores the statistics. */
  void exchange(EnvState saved) {
    statistics.exchange(saved);
    adopt();
  }

  /** Writes n rows of states. */
  void states(TransitionBatch batch, int n, boolean next, float[] inputs) {
    write(batch, n, next, false, inputs);
  }

  /** Writes n rows of states and actions. */
  void stateActions(TransitionBatch batch, int n, float[] inputs) {
    write(batch, n, false, true, inputs);
  }

  private void write(
      TransitionBatch batch, int n, boolean next, boolean withActions, float[] inputs) {
    int width = batch.width;
    int row = withActions ? stateActionWidth() : stateWidth();
    float[] source = next ? batch.nextObservations : batch.observations;
    for (int i = 0; i < n; i++) {
      boolean absorbed = batch.absorbing[i];
      for (int j = 0; j < width; j++) {
        double value = (source[i * width + j] - mean[j]) / std[j];
        inputs[i * row + j] =
            absorbed
                ? 0
                : (float)
                    Math.max(-ObservationEncoder.CLIP, Math.min(ObservationEncoder.CLIP, value));
      }
      if (absorbing) {
        inputs[i * row + width] = absorbed ? 1 : 0;
      }
      if (withActions) {
        action(batch, i, inputs, i * row + stateWidth());
      }
    }
  }

  private void action(TransitionBatch batch, int row, float[] inputs, int at) {
    int from = row * batch.actionSize;
    if (choices.length == 0) {
      System.arraycopy(batch.actions, from, inputs, at, batch.actionSize);
      return;
    }
    Arrays.fill(inputs, at, at + actionWidth, 0);
    if (batch.absorbing[row]) {
      return;
    }
    int first = at;
    for (int i = 0; i < choices.length; i++) {
      inputs[first + (int) batch.actions[from + i]] = 1;
      first += choices[i];
    }
  }
}
