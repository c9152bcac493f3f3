package io.gymbridge.core;

/** What a {@link VectorEnv} does with a lane whose episode has ended; Gymnasium's modes. */
public enum AutoresetMode {
  /**
   * The next step ignores the lane's action and resets it: that transition is a dummy, which
   * learners leave out. Gymnasium's default.
   */
  NEXT_STEP,
  /**
   * The same step resets it, and hands out the last observation as {@link
   * VectorEnv.Step#finalObservations}.
   */
  SAME_STEP,
  /** The caller resets it. */
  DISABLED
}
