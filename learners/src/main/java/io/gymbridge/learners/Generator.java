package io.gymbridge.learners;

import io.gymbridge.core.EnvState;

/**
 * What improves a policy on the rewards of a rollout: the part in which PPO and TRPO differ.
 * Rewards may be the environment's or learned ones.
 */
public sealed interface Generator permits Ppo.Update, Trpo.Update {

  /** Which of the two, and its hyperparameters. */
  sealed interface Config permits Ppo.Config, Trpo.Config {
    /** What does not depend on which. */
    OnPolicy.Config acting();

    /** The same, acting in another way. */
    Config withActing(OnPolicy.Config acting);

    /** What improves a policy; it holds on to it. */
    Generator make(PolicyNetwork policy, long seed);
  }

  /**
   * Estimates advantages and takes one update of policy and values.
   *
   * @param rollout whose rewards are set; advantages and returns are filled in
   * @param progress how much of the training is behind, in [0, 1]
   */
  Diagnostics update(Rollout rollout, double progress);

  /** Saves or restores all but the policy. */
  void exchange(EnvState saved);

  /**
   * What tells why nothing is learned.
   *
   * @param policyLoss the surrogate's, negative where it was improved
   * @param valueLoss mean squared error
   * @param entropy of the policy, in nats
   * @param divergence of the policy from the one before, KL in nats
   * @param clipFraction share of the ratios that changed by more than the clip before it is
   *     annealed; 0 where there is no clipping
   * @param explainedVariance of the returns by the values before the update
   */
  record Diagnostics(
      double policyLoss,
      double valueLoss,
      double entropy,
      double divergence,
      double clipFraction,
      double explainedVariance) {}
}
