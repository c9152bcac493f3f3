package io.gymbridge.policies;

import io.gymbridge.core.Space;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A policy as a server asks it: several questions at a time, each with wishes of its own. {@link
 * io.gymbridge.core.Policy} is the simpler view of the same thing.
 *
 * <p>Thread-safe.
 */
public interface Actor extends AutoCloseable {
  /** Of a single observation. */
  Space observationSpace();

  /** Of a single action. */
  Space actionSpace();

  /**
   * Of the recurrent state of one episode, all of whose values are zero where an episode begins;
   * null for a policy without.
   */
  default @Nullable Space stateSpace() {
    return null;
  }

  /** Whether {@link Question#deterministic} makes a difference. */
  boolean stochastic();

  /** Whether {@link Question#mask} is understood. */
  default boolean masks() {
    return false;
  }

  /** Whether {@link Question#value} is understood. */
  default boolean values() {
    return false;
  }

  /**
   * Answers questions, as if each had been asked alone; the answers' order is the questions'. What
   * is wrong with one question harms no other.
   *
   * @param questions whose observations are batches from the observation space
   */
  List<Outcome> answer(List<Question> questions);

  /** Frees what the policy holds. Closing twice is allowed. */
  @Override
  void close();
}
