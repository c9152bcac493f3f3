package io.gymbridge.client;

/**
 * How a rollout's actions come about.
 *
 * @param seed key of the generator of actions: the same seed, and the same number of steps rolled
 *     out before, draw the same numbers
 * @param deterministic whether the policy's deterministic actions are taken instead
 * @param withDistribution whether {@link io.gymbridge.core.Rollout#distribution} is wanted
 */
public record RolloutOptions(long seed, boolean deterministic, boolean withDistribution) {
  /** Actions drawn with a seed, without their distributions. */
  public static RolloutOptions drawn(long seed) {
    return new RolloutOptions(seed, false, false);
  }

  /** The policy's deterministic actions. */
  public static RolloutOptions mostLikely() {
    return new RolloutOptions(0, true, false);
  }

  /** The same with the distributions, or without. */
  public RolloutOptions withDistribution(boolean wanted) {
    return new RolloutOptions(seed, deterministic, wanted);
  }
}
