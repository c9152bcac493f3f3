package io.gymbridge.client;

import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a {@link RemotePolicy} beside actions. Begin with {@link #DETERMINISTIC} or
 * {@link #SAMPLED}.
 *
 * @param deterministic true for the mean or most likely actions, false for samples
 * @param draw names the samples: the same version, observations, seed and step have the same
 *     actions; null for the server's own generator
 * @param mask int8 (N, Σ choices) of a Discrete or MultiDiscrete action space, 1 for each choice
 *     that is allowed; null for all
 * @param version a version or a label; empty for the one in service, and within an episode of a
 *     stream the one that it began with
 * @param state a batch of N recurrent states, for callers that keep them themselves; null for those
 *     of the stream
 * @param logProbability whether the actions' log-probabilities are wanted
 * @param value whether the observations' values are wanted
 * @param nextState whether the states after these observations are wanted
 */
public record ActOptions(
    boolean deterministic,
    @Nullable Draw draw,
    @Nullable NdArray mask,
    String version,
    @Nullable Value state,
    boolean logProbability,
    boolean value,
    boolean nextState) {

  /** The most likely actions, and nothing else. */
  public static final ActOptions DETERMINISTIC =
      new ActOptions(true, null, null, "", null, false, false, false);

  /** Samples, and nothing else. */
  public static final ActOptions SAMPLED =
      new ActOptions(false, null, null, "", null, false, false, false);

  /** The name of a sample. */
  public record Draw(long seed, long step) {}

  /** Samples with this name. */
  public ActOptions withDraw(long seed, long step) {
    return new ActOptions(
        false, new Draw(seed, step), mask, version, state, logProbability, value, nextState);
  }

  public ActOptions withMask(NdArray newMask) {
    return new ActOptions(
        deterministic, draw, newMask, version, state, logProbability, value, nextState);
  }

  public ActOptions withVersion(String newVersion) {
    return new ActOptions(
        deterministic, draw, mask, newVersion, state, logProbability, value, nextState);
  }

  /** With states of the caller's own, and those after the observations. */
  public ActOptions withState(@Nullable Value newState) {
    return new ActOptions(
        deterministic, draw, mask, version, newState, logProbability, value, true);
  }

  public ActOptions withLogProbability() {
    return new ActOptions(deterministic, draw, mask, version, state, true, value, nextState);
  }

  public ActOptions withValue() {
    return new ActOptions(
        deterministic, draw, mask, version, state, logProbability, true, nextState);
  }
}
