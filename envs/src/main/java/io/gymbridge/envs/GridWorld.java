package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code gymbridge/GridWorld-v0}: a square grid with one rewarded, absorbing corner, the first
 * example of inverse reinforcement learning. Actions: left, down, right, up (0 … 3). State: row ·
 * size + column, from the upper left; it begins in the lower left, the goal is in the upper right.
 *
 * <p>Ng and Russell (2000), "Algorithms for Inverse Reinforcement Learning", section 6: 5 by 5
 * cells, and 30 % of the moves go into a random one of the four directions. The time limit of 100
 * steps is ours.
 *
 * <p>Keyword arguments: {@code size}, by default 5; {@code slip}, the probability that a random
 * direction replaces the action, by default 0.3; {@code goal_reward}, by default 1.
 */
final class GridWorld extends TabularEnv {
  private final int size;

  GridWorld(Registration registration, Kwargs kwargs) {
    this(
        registration,
        kwargs.integer("size", 5, 2, 128),
        kwargs.probability("slip", 0.3),
        kwargs.real("goal_reward", 1));
  }

  private GridWorld(Registration registration, int size, double slip, double goalReward) {
    super(
        registration,
        size * size,
        4,
        start(size),
        (state, action) -> outcomes(state, action, size, slip, goalReward),
        "rgb_array");
    this.size = size;
  }

  private static double[] start(int size) {
    double[] distribution = new double[size * size];
    distribution[(size - 1) * size] = 1;
    return distribution;
  }

  private static List<Outcome> outcomes(
      int state, int action, int size, double slip, double goalReward) {
    int goal = size - 1;
    if (state == goal) {
      return List.of(new Outcome(1, goal, 0, true));
    }
    List<Outcome> outcomes = new ArrayList<>();
    for (int direction = 0; direction < 4; direction++) {
      double probability = direction == action ? 1 - 3 * slip / 4 : slip / 4;
      if (probability > 0) {
        int next = Compass.moved(state, direction, size, size);
        outcomes.add(new Outcome(probability, next, next == goal ? goalReward : 0, next == goal));
      }
    }
    return outcomes;
  }

  @Override
  public NdArray render() {
    return WorldPicture.grid(size, state());
  }
}
