package io.gymbridge.core;

import java.util.Map;
import java.util.OptionalDouble;

/**
 * What is known of an environment before its first step.
 *
 * @param id Gymnasium's id, e.g. {@code CartPole-v1}
 * @param observationSpace of a single environment
 * @param actionSpace of a single environment
 * @param maxEpisodeSteps steps after which an episode is truncated; 0 where there is no limit
 * @param rewardThreshold return at which Gymnasium calls the task solved
 * @param metadata Gymnasium's metadata, e.g. {@code render_modes} and {@code render_fps}; values as
 *     in {@link Env.Reset#info}
 */
public record EnvSpec(
    String id,
    Space observationSpace,
    Space actionSpace,
    long maxEpisodeSteps,
    OptionalDouble rewardThreshold,
    Map<String, Object> metadata) {

  /** The same with other observations. */
  public EnvSpec withObservationSpace(Space space) {
    return new EnvSpec(id, space, actionSpace, maxEpisodeSteps, rewardThreshold, metadata);
  }

  /** The same with other actions. */
  public EnvSpec withActionSpace(Space space) {
    return new EnvSpec(id, observationSpace, space, maxEpisodeSteps, rewardThreshold, metadata);
  }
}
