package io.gymbridge.policies;

import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import org.jspecify.annotations.Nullable;

/**
 * What a caller wants to know of a policy.
 *
 * @param observations a batch of N from the observation space
 * @param deterministic true for the mean or most likely actions, false for samples
 * @param draw where the samples come from; null for the policy's own generator
 * @param mask int8 (N, Σ choices), 1 for each choice that is allowed; null for all
 * @param state a batch of N from {@link Actor#stateSpace}; null for zeros, and where there is none
 * @param logProbability whether the actions' log-probabilities are wanted
 * @param value whether the observations' values are wanted
 */
public record Question(
    Value observations,
    boolean deterministic,
    @Nullable Draw draw,
    @Nullable NdArray mask,
    @Nullable Value state,
    boolean logProbability,
    boolean value) {

  /**
   * Names a sample: the same policy, observations, seed and step give the same actions, however
   * often they are asked for and whatever else is.
   */
  public record Draw(long seed, long step) {}

  /** A question without further wishes. */
  public Question(Value observations, boolean deterministic) {
    this(observations, deterministic, null, null, null, false, false);
  }

  /** N. */
  public int size() {
    return observations.batchSize();
  }
}
