package io.gymbridge.learners;

import io.gymbridge.core.Box;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.random.RandomGenerator;

/**
 * What turns a network's outputs into a distribution over actions: the loss and its gradient for
 * training, and the actions themselves.
 */
sealed interface ActionHead permits GaussianHead, CategoricalHead {

  /** The head for an action space: Gaussian for a Box, categorical for Discrete/MultiDiscrete. */
  static ActionHead of(Space space) {
    if (space instanceof Box box && box.dtype().isFloating()) {
      return new GaussianHead(box);
    }
    if (space instanceof Discrete discrete) {
      return new CategoricalHead(discrete);
    }
    if (space instanceof MultiDiscrete multiDiscrete) {
      return new CategoricalHead(multiDiscrete);
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        "no policy network for actions in %s: floating-point Box, Discrete and MultiDiscrete are supported"
            .formatted(space));
  }

  /** Number of network outputs. */
  int outputs();

  /** Number of numbers that encode one action as a training target. */
  int targetSize();

  /**
   * Encodes a batch of N actions as N rows of targets, row-major.
   *
   * @throws GymException INVALID_ARGUMENT if they are not numbers, or not of the space's size
   */
  float[] targets(Value actions);

  /** Learns scales that the space itself does not give from the first training targets. */
  void fitScale(float[] targets, int count);

  /**
   * Mean loss over a minibatch, and its gradient.
   *
   * @param outputs of the network, (n, {@link #outputs()})
   * @param targets rows of {@link #targetSize()}, as {@link #targets} makes them
   * @param rows which row of {@code targets} belongs to each output row, from {@code from} on
   * @param gradient receives ∂(mean loss)/∂outputs, (n, {@link #outputs()})
   */
  double loss(Matrix outputs, float[] targets, int[] rows, int from, Matrix gradient);

  /**
   * Mean loss over {@code n} rows of outputs, without a gradient; the quantity that is reported.
   */
  double loss(float[] outputs, float[] targets, int[] rows);

  /** The mean or most likely actions for {@code n} rows of outputs. */
  NdArray decide(float[] outputs, int n);

  /** The nearest members of the space to a batch of actions; others than Box keep theirs. */
  Value clip(Value actions);

  /** Actions drawn from the distribution of {@code n} rows of outputs. */
  NdArray sample(float[] outputs, int n, RandomGenerator random);
}
