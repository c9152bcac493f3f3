package io.gymbridge.envs;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gymnasium's {@code FrozenLake-v1} and {@code FrozenLake8x8-v1}: over the ice from the start to
 * the goal, past the holes; the ice is slippery. Actions: left, down, right, up (0 … 3). State: row
 * · columns + column.
 *
 * <p>Keyword arguments: {@code map_name} ({@code 4x4} or {@code 8x8}); {@code desc}, a map of one's
 * own, a list of equally long texts of S (start), F (frozen), H (hole) and G (goal), goes before
 * it; without either (both null) the map is a random one of 8 by 8. {@code is_slippery}, by default
 * true: the step goes as intended with probability {@code success_rate}, by default 1/3, otherwise
 * to either side. {@code reward_schedule}: what the goal, a hole and ice are worth, by default 1,
 * 0, 0.
 */
final class FrozenLake extends TabularEnv {
  private static final Map<String, List<String>> MAPS =
      Map.of(
          "4x4",
          List.of("SFFF", "FHFH", "FFFH", "HFFG"),
          "8x8",
          List.of(
              "SFFFFFFF",
              "FFFFFFFF",
              "FFFHFFFF",
              "FFFFFHFF",
              "FFFHFFFF",
              "FHHFFFHF",
              "FHFFHFHF",
              "FFFHFFFG"));
  private static final int MAX_CELLS = 1 << 14;
  private static final String[] MOVES = {"Left", "Down", "Right", "Up"};

  private final List<String> map;

  FrozenLake(Registration registration, Kwargs kwargs) {
    this(
        registration,
        map(registration, kwargs),
        kwargs.flag("is_slippery", true),
        kwargs.probability("success_rate", 1.0 / 3.0),
        kwargs.reals("reward_schedule", 1, 0, 0));
  }

  private FrozenLake(
      Registration registration,
      List<String> map,
      boolean slippery,
      double successRate,
      double[] rewards) {
    super(
        registration,
        map.size() * map.get(0).length(),
        4,
        starts(map),
        new Ice(map, slippery, successRate, rewards),
        "ansi",
        "rgb_array");
    this.map = map;
  }

  private static List<String> map(Registration registration, Kwargs kwargs) {
    List<String> given = kwargs.lines("desc");
    String name = kwargs.choice("map_name", "4x4", MAPS.keySet());
    if (given == null) {
      List<String> known = name == null ? null : MAPS.get(name);
      return known == null ? randomMap(8, 0.8, System.nanoTime()) : known;
    }
    String all = String.join("", given);
    if (all.length() > MAX_CELLS || !all.matches("[SFHG]*S[SFHG]*")) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "%s: desc must be a map of S, F, H and G with at least one S and at most %d cells"
              .formatted(registration.id(), MAX_CELLS));
    }
    return given;
  }

  /**
   * A map with a way from the upper left to the lower right, as Gymnasium's {@code
   * generate_random_map} makes it.
   *
   * @param frozen probability of a cell to be frozen
   */
  static List<String> randomMap(int size, double frozen, long seed) {
    NumpyRandom random = new NumpyRandom(seed);
    while (true) {
      char[][] board = new char[size][size];
      for (char[] row : board) {
        for (int column = 0; column < size; column++) {
          row[column] = random.random() < frozen ? 'F' : 'H';
        }
      }
      board[0][0] = 'S';
      board[size - 1][size - 1] = 'G';
      if (reachable(board)) {
        return Arrays.stream(board).map(String::new).toList();
      }
    }
  }

  private static boolean reachable(char[][] board) {
    int size = board.length;
    boolean[] seen = new boolean[size * size];
    Deque<Integer> frontier = new ArrayDeque<>(List.of(0));
    while (!frontier.isEmpty()) {
      int cell = frontier.pop();
      if (seen[cell]) {
        continue;
      }
      seen[cell] = true;
      for (int action = 0; action < 4; action++) {
        int next = Compass.moved(cell, action, size, size);
        if (board[next / size][next % size] == 'G') {
          return true;
        }
        if (board[next / size][next % size] != 'H') {
          frontier.push(next);
        }
      }
    }
    return false;
  }

  private static double[] starts(List<String> map) {
    String cells = String.join("", map);
    double count = cells.chars().filter(letter -> letter == 'S').count();
    return cells.chars().mapToDouble(letter -> letter == 'S' ? 1 / count : 0).toArray();
  }

  private record Ice(List<String> map, boolean slippery, double successRate, double[] rewards)
      implements Dynamics {
    @Override
    public List<Outcome> outcomes(int state, int action) {
      if (isEnd(state)) {
        return List.of(new Outcome(1, state, 0, true));
      }
      if (!slippery) {
        return List.of(moved(1, state, action));
      }
      double failRate = (1 - successRate) / 2;
      List<Outcome> outcomes = new ArrayList<>();
      outcomes.add(moved(failRate, state, (action + 3) % 4));
      outcomes.add(moved(successRate, state, action));
      outcomes.add(moved(failRate, state, (action + 1) % 4));
      return outcomes;
    }

    private Outcome moved(double probability, int state, int action) {
      int next = Compass.moved(state, action, map.size(), map.get(0).length());
      double reward = rewards[letter(next) == 'G' ? 0 : letter(next) == 'H' ? 1 : 2];
      return new Outcome(probability, next, reward, isEnd(next));
    }

    private boolean isEnd(int state) {
      return letter(state) == 'G' || letter(state) == 'H';
    }

    private char letter(int state) {
      int columns = map.get(0).length();
      return map.get(state / columns).charAt(state % columns);
    }
  }

  @Override
  public NdArray render() {
    return FrozenLakePicture.draw(map, state(), lastAction());
  }

  @Override
  public @Nullable String renderText() {
    int columns = map.get(0).length();
    StringBuilder text = new StringBuilder();
    text.append(lastAction() == NONE ? "\n" : "  (" + MOVES[lastAction()] + ")\n");
    for (int row = 0; row < map.size(); row++) {
      for (int column = 0; column < columns; column++) {
        char letter = map.get(row).charAt(column);
        text.append(row * columns + column == state() ? colored("41", letter) : letter);
      }
      text.append('\n');
    }
    return text.toString();
  }
}
