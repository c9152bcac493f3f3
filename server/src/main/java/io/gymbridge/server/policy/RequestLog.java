package io.gymbridge.server.policy;

import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import org.jspecify.annotations.Nullable;

/**
 * Is told what was asked and answered in episodes, which are the rows of streams: calls of their
 * own belong to none. It is called where answers are made and must not block. Thread-safe.
 */
public interface RequestLog {
  /** Keeps nothing. */
  RequestLog NONE = (policy, observationSpace, actionSpace) -> null;

  /**
   * An episode begins.
   *
   * @return what is told of it; null for an episode that is not kept
   */
  @Nullable Episode begin(String policy, Space observationSpace, Space actionSpace);

  /** What was kept and lost so far. */
  default Counts counts() {
    return new Counts(0, 0, 0);
  }

  /** One episode. Used by one thread at a time. */
  interface Episode {
    /**
     * A question was answered.
     *
     * @param observations a batch, of which row {@code row} is this episode's; copied if kept
     * @param actions likewise, within the action space
     * @param logProbability of the action as it was drawn, before it was clipped; NaN where the
     *     policy has none
     */
    void acted(String version, Value observations, Value actions, int row, double logProbability);

    /** The next question on its row belongs to another episode, or there is none. */
    void end();
  }

  /**
   * Sums since the beginning.
   *
   * @param episodes written to the disk
   * @param rows written with them
   * @param dropped rows of chosen episodes that were not and will not be written
   */
  record Counts(long episodes, long rows, long dropped) {}
}
