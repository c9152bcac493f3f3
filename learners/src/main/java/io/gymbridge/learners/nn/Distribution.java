package io.gymbridge.learners.nn;

import java.util.random.RandomGenerator;

/**
 * A family of distributions over actions, whose parameters are a network's outputs, row by row, and
 * {@link #shared} numbers that are the same for all rows.
 *
 * <p>An action is {@link #size} numbers, in the units that the network works in: of a Gaussian its
 * components, of a categorical distribution the indices of the choices. All arrays are row-major
 * and may be longer than the n rows that are spoken of. Not thread-safe.
 */
public sealed interface Distribution permits DiagonalGaussian, TanhGaussian, Categorical {

  /** Outputs of the network per row. */
  int outputs();

  /** Numbers per action. */
  int size();

  /** Parameters that do not depend on the row. */
  int shared();

  /** Draws the action of one row; the same generator, the same action. */
  void sample(float[] outputs, float[] shared, int row, RandomGenerator random, float[] actions);

  /** The n likeliest actions; of a tanh-squashed Gaussian the squashed mean. */
  void mode(float[] outputs, int n, float[] actions);

  /** log π(a) of one row's action: of a density where actions are continuous, in nats. */
  double logProbability(float[] outputs, float[] shared, float[] actions, int row);

  /** {@link #logProbability} of n rows. */
  default void logProbabilities(
      float[] outputs, float[] shared, float[] actions, int n, double[] logProbabilities) {
    for (int row = 0; row < n; row++) {
      logProbabilities[row] = logProbability(outputs, shared, actions, row);
    }
  }

  /**
   * Entropy of one row's distribution, in nats; a differential one where actions are continuous.
   */
  double entropy(float[] outputs, float[] shared, int row);

  /** {@link #entropy} of n rows. */
  default void entropies(float[] outputs, float[] shared, int n, double[] entropies) {
    for (int row = 0; row < n; row++) {
      entropies[row] = entropy(outputs, shared, row);
    }
  }

  /**
   * The gradient of Σ_i w_i · log π_i(a_i) + v_i · H_i with respect to the distribution's
   * parameters.
   *
   * @param logWeights w
   * @param entropyWeights v
   * @param outputGradient is set, n rows
   * @param sharedGradient is added to, from {@code sharedOffset} on
   */
  void gradient(
      float[] outputs,
      float[] shared,
      float[] actions,
      int n,
      double[] logWeights,
      double[] entropyWeights,
      float[] outputGradient,
      float[] sharedGradient,
      int sharedOffset);

  /** KL(old ‖ new) of n rows, in nats. */
  void divergences(
      float[] oldOutputs,
      float[] oldShared,
      float[] newOutputs,
      float[] newShared,
      int n,
      double[] divergences);

  /**
   * Multiplies tangents of the distribution's parameters by its Fisher information, which is the
   * second derivative of the divergence from the distribution to its neighbours.
   *
   * @param outputTangents n rows, which are replaced by the products, each times {@code scale}
   * @param sharedTangent {@link #shared} numbers from {@code sharedOffset} on
   * @param sharedProduct is added to, from {@code sharedOffset} on
   */
  void fisher(
      float[] outputs,
      float[] shared,
      int n,
      double scale,
      float[] outputTangents,
      float[] sharedTangent,
      float[] sharedProduct,
      int sharedOffset);
}
