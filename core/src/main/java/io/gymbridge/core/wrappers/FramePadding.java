package io.gymbridge.core.wrappers;

import io.gymbridge.core.Space;
import io.gymbridge.core.Value;

/** What a stack of frames holds before there were as many observations as it has places. */
public sealed interface FramePadding {
  /** The episode's first observation; Gymnasium's default. */
  FramePadding RESET = new Reset();

  /** The member of the observation space that is nearest to zero. */
  FramePadding ZERO = new Zero();

  /** An observation of one's own. */
  static FramePadding custom(Value frame) {
    return new Custom(frame);
  }

  /** See {@link FramePadding#RESET}. */
  record Reset() implements FramePadding {}

  /** See {@link FramePadding#ZERO}. */
  record Zero() implements FramePadding {}

  /**
   * See {@link FramePadding#custom}.
   *
   * @param frame a member of the observation space
   */
  record Custom(Value frame) implements FramePadding {}

  /** The frame to fill up with. */
  default Value frame(Space space, Value first) {
    if (this instanceof Custom custom) {
      return custom.frame();
    }
    return this instanceof Zero ? FrameSpaces.zero(space) : first;
  }
}
