package io.gymbridge.core;

/**
 * Answers observations with actions: a network, a controller, an expert behind a connection.
 *
 * <p>Not thread-safe unless the implementation says so.
 */
public interface Policy extends AutoCloseable {

  /** Of a single observation. */
  Space observationSpace();

  /** Of a single action. */
  Space actionSpace();

  /**
   * One action for each observation.
   *
   * @param observations a batch of N members of the observation space
   * @param deterministic true for the mean or most likely action, false for a sample of the
   *     policy's distribution
   * @return a batch of N members of the action space
   * @throws GymException if the observations do not fit, or the policy fails
   */
  Value act(Value observations, boolean deterministic);

  /**
   * Is told that new episodes begin with the next observations. Policies that remember nothing from
   * one observation to the next have no use for it.
   *
   * @param rows as many as the next batch has; true where an episode begins
   */
  default void beginEpisodes(boolean[] rows) {}

  /** Frees what the policy holds. Closing twice is allowed. */
  @Override
  default void close() {}
}
