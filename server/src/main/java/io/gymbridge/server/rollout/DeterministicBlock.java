package io.gymbridge.server.rollout;

import io.gymbridge.core.Box;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.util.function.UnaryOperator;

/** What the graph calls {@code actions}, clipped where the space is a box. */
final class DeterministicBlock extends Block {
  private final UnaryOperator<NdArray> actions;
  private final Space space;

  /**
   * A block.
   *
   * @param actions the graph's, of the space's type
   */
  DeterministicBlock(UnaryOperator<NdArray> actions, Space space, int capacity, int lanes) {
    super(space, capacity, lanes);
    this.actions = actions;
    this.space = space;
  }

  @Override
  NdArray choose(int step, NdArray observations) {
    NdArray chosen = actions.apply(observations);
    return space instanceof Box box && !box.containsAll(chosen) ? box.clip(chosen) : chosen;
  }
}
