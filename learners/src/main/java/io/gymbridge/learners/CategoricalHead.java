package io.gymbridge.learners;

import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.learners.nn.Categorical;
import io.gymbridge.learners.nn.Distribution;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Categorical distributions for Discrete and MultiDiscrete actions: one group of logits per
 * component, one after the other. The loss is the cross-entropy, summed over the components.
 *
 * <p>Immutable.
 */
final class CategoricalHead implements ActionHead {
  private final Space space;
  private final DType dtype;
  private final int[] shape;
  private final int[] choices;
  private final long[] starts;
  private final int outputs;
  private final Categorical distribution;

  CategoricalHead(Discrete space) {
    this(space, space.dtype(), new int[0], new long[] {space.n()}, new long[] {space.start()});
  }

  CategoricalHead(MultiDiscrete space) {
    this(space, space.dtype(), space.shape(), space.nvec().toLongs(), space.start().toLongs());
  }

  private CategoricalHead(Space space, DType dtype, int[] shape, long[] choices, long[] starts) {
    this.space = space;
    this.dtype = dtype;
    this.shape = shape;
    this.choices = Arrays.stream(choices).mapToInt(Math::toIntExact).toArray();
    this.starts = starts;
    this.outputs = space.flatSize();
    this.distribution = new Categorical(this.choices);
  }

  @Override
  public Space space() {
    return space;
  }

  /** Number of choices of each component. */
  int[] choices() {
    return choices.clone();
  }

  /** Smallest value of each component. */
  long[] starts() {
    return starts.clone();
  }

  DType dtype() {
    return dtype;
  }

  /** Dimensions of one action; empty for Discrete. */
  int[] shape() {
    return shape.clone();
  }

  @Override
  public Distribution distribution() {
    return distribution;
  }

  @Override
  public void bind(float[] parameters, int offset) {}

  @Override
  public float[] targets(Value actions) {
    NdArray array = actions.array();
    if (array.size() != actions.batchSize() * choices.length) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "actions are " + actions + ", expected a batch from " + space);
    }
    float[] targets = new float[array.size()];
    for (int i = 0; i < targets.length; i++) {
      int component = i % choices.length;
      long choice = array.getLong(i) - starts[component];
      if (choice < 0 || choice >= choices[component]) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "action %d, component %d is %d, which is not in %s"
                .formatted(i / choices.length, component, array.getLong(i), space));
      }
      targets[i] = choice;
    }
    return targets;
  }

  @Override
  public void fitScale(float[] targets, int count) {}

  @Override
  public void exchangeScale(EnvState saved) {}

  @Override
  public double loss(
      Loss kind, float[] output, float[] targets, int[] rows, int from, int n, float[] gradient) {
    check(kind);
    double loss = 0;
    int first = 0;
    for (int row = 0; row < n; row++) {
      for (int component = 0; component < choices.length; component++) {
        int last = first + choices[component];
        double highest = output[argMax(output, first, last)];
        double sum = 0;
        for (int i = first; i < last; i++) {
          sum += Math.exp(output[i] - highest);
        }
        double logSum = highest + Math.log(sum);
        int target = first + (int) targets[rows[from + row] * choices.length + component];
        loss += logSum - output[target];
        for (int i = first; i < last; i++) {
          double probability = Math.exp(output[i] - logSum);
          gradient[i] = (float) ((probability - (i == target ? 1 : 0)) / n);
        }
        first = last;
      }
    }
    return loss / n;
  }

  @Override
  public double loss(Loss kind, float[] output, float[] targets, int[] rows) {
    check(kind);
    double loss = 0;
    for (int row = 0; row < rows.length; row++) {
      int first = row * outputs;
      for (int component = 0; component < choices.length; component++) {
        int last = first + choices[component];
        double highest = output[argMax(output, first, last)];
        double sum = 0;
        for (int i = first; i < last; i++) {
          sum += Math.exp(output[i] - highest);
        }
        int target = first + (int) targets[rows[row] * choices.length + component];
        loss += highest + Math.log(sum) - output[target];
        first = last;
      }
    }
    return loss / rows.length;
  }

  private void check(Loss kind) {
    if (kind == Loss.MSE) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "no mean squared error between choices in %s: loss=likelihood is for them"
              .formatted(space));
    }
  }

  @Override
  public Value clip(Value actions) {
    return actions;
  }

  @Override
  public NdArray decide(float[] output, int n) {
    float[] actions = new float[n * choices.length];
    distribution.mode(output, n, actions);
    return toSpace(actions, n);
  }

  @Override
  public NdArray sample(float[] output, int n, RandomGenerator random) {
    float[] actions = new float[n * choices.length];
    for (int row = 0; row < n; row++) {
      distribution.sample(output, new float[0], row, random, actions);
    }
    return toSpace(actions, n);
  }

  @Override
  public NdArray toSpace(float[] actions, int n) {
    long[] values = new long[n * choices.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = starts[i % choices.length] + (long) actions[i];
    }
    int[] batch = new int[shape.length + 1];
    batch[0] = n;
    System.arraycopy(shape, 0, batch, 1, shape.length);
    return NdArray.ofLongs(dtype, values, batch);
  }

  @Override
  public float[] fromSpace(Value actions) {
    return targets(actions);
  }

  private static int argMax(float[] values, int first, int last) {
    int best = first;
    for (int i = first + 1; i < last; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }
}
