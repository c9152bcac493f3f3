package io.gymbridge.core.wrappers;

import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.function.BiFunction;

/** What a stack of frames holds before there were as many observations as it has places. */
public final class FramePadding {
  /** The episode's first observation; Gymnasium's default. */
  public static final FramePadding RESET = new FramePadding((space, first) -> first);

  /** The member of the observation space that is nearest to zero. */
  public static final FramePadding ZERO = new FramePadding((space, first) -> Frames.zero(space));

  private final BiFunction<Space, Value, Value> frame;

  private FramePadding(BiFunction<Space, Value, Value> frame) {
    this.frame = frame;
  }

  /** A member of the observation space, of one's own choice. */
  public static FramePadding custom(Value frame) {
    return new FramePadding((space, first) -> frame);
  }

  /**
   * The frame to fill up with.
   *
   * @param first the episode's first observation
   */
  Value frame(Space space, Value first) {
    return frame.apply(space, first);
  }
}
