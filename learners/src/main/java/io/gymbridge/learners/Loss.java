package io.gymbridge.learners;

/** What supervised learning makes small. */
public enum Loss {
  /**
   * The negative logarithm of the probability (density) of the expert's actions, in nats; see
   * {@link GaussianHead} for what departs from the plain likelihood.
   */
  LIKELIHOOD,
  /**
   * The mean squared error over the components of Box actions, in units in which a bounded
   * component spans [−1, 1]. Every component weighs the same, however well it can be predicted.
   */
  MSE
}
