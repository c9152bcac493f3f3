package io.gymbridge.learners;

import io.gymbridge.core.EnvState;

/**
 * Tells an expert's transitions from a learner's: the logit of their being the expert's, and what
 * the learner is paid for them. All in which GAIL and AIRL differ. Not thread-safe.
 */
sealed interface Discriminator permits Gail.Network, Airl.Network {

  /** Rows that one call takes at most. */
  int CHUNK = 4096;

  TransitionEncoder encoder();

  /** Whether {@code logProbabilities} count. */
  boolean needsLogProbabilities();

  /**
   * Logits of the first n rows, at most {@value #CHUNK}.
   *
   * @param logProbabilities log π(a|s) under the learner's present policy
   */
  void logits(TransitionBatch batch, int n, double[] logProbabilities, double[] logits);

  /**
   * Steps down a gradient with respect to the n logits that were computed last.
   *
   * @param batch the same as then
   */
  void descend(TransitionBatch batch, int n, double[] logitGradient);

  /** What the learner is paid for the first n rows, at most {@value #CHUNK}. */
  void rewards(TransitionBatch batch, int n, double[] logProbabilities, double[] rewards);

  /** What it has learned by now, as a copy; without anything of the learner's policy. */
  LearnedReward learned();

  /** Saves or restores networks, optimiser and statistics. */
  void exchange(EnvState saved);
}
