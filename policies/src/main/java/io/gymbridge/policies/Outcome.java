package io.gymbridge.policies;

import io.gymbridge.core.GymException;
import io.gymbridge.core.Value;
import org.jspecify.annotations.Nullable;

/** What became of a {@link Question}. */
public sealed interface Outcome {
  /**
   * It was answered.
   *
   * @param actions a batch of N from the action space, not yet clipped to it
   * @param logProbabilities N, of the actions as they were drawn, before any clipping; null where
   *     they were not asked for
   * @param values N; null where they were not asked for
   * @param state the state after these observations; null for a policy without
   */
  record Answer(
      Value actions,
      double @Nullable [] logProbabilities,
      float @Nullable [] values,
      @Nullable Value state)
      implements Outcome {}

  /** It could not be answered. */
  record Refusal(GymException reason) implements Outcome {}
}
