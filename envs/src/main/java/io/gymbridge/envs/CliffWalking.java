package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gymnasium's {@code CliffWalking-v1} and {@code CliffWalkingSlippery-v1}: from the lower left of a
 * grid of 4 by 12 to the lower right, along a cliff; a step costs 1, a fall 100 and leads back to
 * the start. Actions: up, right, down, left (0 … 3). State: row · 12 + column.
 *
 * <p>Sutton and Barto (2020), "Reinforcement Learning: An Introduction", example 6.6.
 *
 * <p>Keyword argument: {@code is_slippery}: the step goes as intended or to either side, each with
 * probability 1/3.
 */
final class CliffWalking extends TabularEnv {
  static final int ROWS = 4;
  static final int COLUMNS = 12;
  static final int START = 36;
  static final int GOAL = 47;

  CliffWalking(Registration registration, Kwargs kwargs) {
    this(registration, kwargs.flag("is_slippery", false));
  }

  private CliffWalking(Registration registration, boolean slippery) {
    super(
        registration,
        ROWS * COLUMNS,
        4,
        start(),
        (state, action) -> outcomes(state, action, slippery),
        "rgb_array",
        "ansi");
  }

  private static double[] start() {
    double[] distribution = new double[ROWS * COLUMNS];
    distribution[START] = 1;
    return distribution;
  }

  private static List<Outcome> outcomes(int state, int action, boolean slippery) {
    if (!slippery) {
      return List.of(moved(1, state, action));
    }
    List<Outcome> outcomes = new ArrayList<>();
    for (int turn = -1; turn <= 1; turn++) {
      outcomes.add(moved(1.0 / 3, state, Math.floorMod(action + turn, 4)));
    }
    return outcomes;
  }

  private static Outcome moved(double probability, int state, int action) {
    // Up, right, down, left go round the other way than the compass.
    int next = Compass.moved(state, 3 - action, ROWS, COLUMNS);
    return isCliff(next)
        ? new Outcome(probability, START, -100, false)
        : new Outcome(probability, next, -1, next == GOAL);
  }

  static boolean isCliff(int state) {
    return state > START && state < GOAL;
  }

  @Override
  public NdArray render() {
    return CliffWalkingPicture.draw(state());
  }

  @Override
  public @Nullable String renderText() {
    StringBuilder text = new StringBuilder();
    for (int cell = 0; cell < states(); cell++) {
      text.append(cell == state() ? 'x' : cell == GOAL ? 'T' : isCliff(cell) ? 'C' : 'o')
          .append(cell % COLUMNS == COLUMNS - 1 ? "\n" : "  ");
    }
    return text.append('\n').toString();
  }
}
