package io.gymbridge.core.wrappers;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The last few observations of one environment, oldest first. */
final class FrameStack {
  private final Space space;
  private final int size;
  private final FramePadding padding;
  private final Deque<Value> frames = new ArrayDeque<>();

  FrameStack(Space space, int size, FramePadding padding) {
    if (size < 1) {
      throw new IllegalArgumentException("stackSize must be at least 1, got " + size);
    }
    Value zero = Frames.zero(space);
    String mismatch = space.whyNot(padding.frame(space, zero));
    if (mismatch != null) {
      throw new IllegalArgumentException("padding: " + mismatch);
    }
    this.space = space;
    this.size = size;
    this.padding = padding;
  }

  /** Begins an episode. */
  void reset(Value first) {
    Value filling = padding.frame(space, first);
    frames.clear();
    for (int i = 1; i < size; i++) {
      frames.add(filling);
    }
    frames.add(first);
  }

  void add(Value observation) {
    frames.remove();
    frames.add(observation);
  }

  /** The frames as one member of the space's {@link Space#batch}. */
  Value stacked() {
    return Frames.stacked(space, List.copyOf(frames));
  }

  void exchange(EnvState state) {
    List<Value> restored = state.members(space, frames);
    if (restored.size() != 0 && restored.size() != size) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the saved state has %d frames, expected %d".formatted(restored.size(), size));
    }
    frames.clear();
    frames.addAll(restored);
  }
}
