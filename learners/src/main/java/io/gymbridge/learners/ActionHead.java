package io.gymbridge.learners;

import io.gymbridge.core.Box;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.learners.nn.Distribution;
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

  /** Of a single action. */
  Space space();

  /**
   * The family of distributions that outputs stand for. Of a Gaussian it is over actions in the
   * units in which a bounded component spans [−1, 1], and not clipped.
   */
  Distribution distribution();

  /**
   * Says where the parameters lie that the distribution shares between all states; sets them to
   * what training begins with.
   */
  void bind(float[] parameters, int offset);

  /** Number of network outputs. */
  default int outputs() {
    return distribution().outputs();
  }

  /** Number of numbers that encode one action as a training target. */
  default int targetSize() {
    return distribution().size();
  }

  /**
   * Encodes a batch of N actions as N rows of targets, row-major.
   *
   * @throws GymException INVALID_ARGUMENT if they are not numbers, or not of the space's size
   */
  float[] targets(Value actions);

  /** Learns scales that the space itself does not give from the first training targets. */
  void fitScale(float[] targets, int count);

  /** Saves or restores what {@link #fitScale} has learned. */
  void exchangeScale(EnvState saved);

  /**
   * Mean loss over a minibatch, and its gradient.
   *
   * @param kind MSE for a Gaussian head only
   * @param outputs of the network, (n, {@link #outputs()})
   * @param targets rows of {@link #targetSize()}, as {@link #targets} makes them
   * @param rows which row of {@code targets} belongs to each of n output rows, from {@code from} on
   * @param gradient receives ∂(mean loss)/∂outputs, (n, {@link #outputs()})
   */
  double loss(
      Loss kind, float[] outputs, float[] targets, int[] rows, int from, int n, float[] gradient);

  /**
   * Mean loss over {@code n} rows of outputs, without a gradient; the quantity that is reported.
   */
  double loss(Loss kind, float[] outputs, float[] targets, int[] rows);

  /** The mean or most likely actions for {@code n} rows of outputs. */
  NdArray decide(float[] outputs, int n);

  /** The nearest members of the space to a batch of actions; others than Box keep theirs. */
  Value clip(Value actions);

  /**
   * What an environment is given for actions of the {@link #distribution}: in the space's units,
   * and clipped to it.
   *
   * @param actions n rows of {@link #targetSize}
   */
  NdArray toSpace(float[] actions, int n);

  /** The reverse: n rows of actions of the {@link #distribution} for a batch from the space. */
  float[] fromSpace(Value actions);

  /** Actions drawn from the distribution of {@code n} rows of outputs. */
  NdArray sample(float[] outputs, int n, RandomGenerator random);
}
