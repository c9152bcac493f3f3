package io.gymbridge.core;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One environment, with the semantics of {@code gymnasium.Env}. Not thread-safe: one caller at a
 * time.
 *
 * <p>Every method but {@link #spec} and {@link #close} throws {@link GymException}.
 */
public interface Env extends AutoCloseable {

  /** Id, spaces and limits. */
  EnvSpec spec();

  /**
   * Begins an episode.
   *
   * @param seed restarts the environment's generator; null lets it go on where it is
   * @param options what the environment's author provides for; empty for none
   */
  Reset reset(@Nullable Long seed, Map<String, ?> options);

  /** Begins an episode with a seed. */
  default Reset reset(long seed) {
    return reset(seed, Map.of());
  }

  /** Begins the next episode; the generator goes on. */
  default Reset reset() {
    return reset(null, Map.of());
  }

  /**
   * Takes one action.
   *
   * @param action a member of the action space
   */
  Step step(Value action);

  /**
   * The picture of this moment, {@code uint8} (height, width, 3).
   *
   * @return null where the environment was made without rendering
   */
  @Nullable NdArray render();

  /**
   * This moment in letters, with colours by ANSI escapes, as Gymnasium's render mode {@code ansi}
   * gives it.
   *
   * @return null where the environment has no such form
   */
  default @Nullable String renderText() {
    return null;
  }

  /** What may be read, set and called by name beyond all this; nothing, unless it says so. */
  default Attributes attributes() {
    return new Attributes();
  }

  /** Frees what the environment holds. Closing twice is allowed. */
  @Override
  void close();

  /**
   * An episode's beginning.
   *
   * @param observation a member of the observation space
   * @param info names to {@code null}, {@link Boolean}, {@link Long}, {@link Double}, {@link
   *     String}, {@link NdArray}, {@code List} or {@code Map} of these
   */
  record Reset(Value observation, Map<String, Object> info) {

    /** The same with another observation. */
    public Reset withObservation(Value other) {
      return new Reset(other, info);
    }
  }

  /**
   * What an action led to.
   *
   * @param observation a member of the observation space
   * @param terminated the task's own end: its value beyond is 0
   * @param truncated cut short from outside, e.g. by a time limit: learners bootstrap
   * @param info as in {@link Reset}
   */
  record Step(
      Value observation,
      double reward,
      boolean terminated,
      boolean truncated,
      Map<String, Object> info) {

    /** The same with another observation. */
    public Step withObservation(Value other) {
      return new Step(other, reward, terminated, truncated, info);
    }
  }
}
