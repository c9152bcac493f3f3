package io.gymbridge.envs;

import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gymnasium's {@code Taxi-v4}: fetch the passenger at one of four places and bring them to another.
 * Actions: south, north, east, west, pick up, drop off (0 … 5). A step costs 1, a wrong pick-up or
 * drop-off 10, the delivery is worth 20. State: ((row · 5 + column) · 5 + passenger) · 4 +
 * destination, where passenger 4 is the taxi. The info's {@code action_mask}, {@code int8[6]}, has
 * 1 for the actions that change something.
 *
 * <p>Dietterich (2000), "Hierarchical Reinforcement Learning with the MAXQ Value Function
 * Decomposition".
 *
 * <p>Keyword arguments: {@code is_rainy}, by default false: the taxi goes as intended with {@code
 * rainy_probability}, by default 0.8, otherwise to either side. {@code fickle_passenger}, by
 * default false: with {@code fickle_probability}, by default 0.3, drawn at the reset, the passenger
 * chooses another destination at the first move after a pick-up. As in Gymnasium, the table leaves
 * the fickleness out.
 */
final class Taxi extends TabularEnv {
  static final int SIZE = 5;
  static final int IN_TAXI = 4;
  private static final int STATES = 500;
  private static final String[] MAP = {
    "+---------+",
    "|R: | : :G|",
    "| : | : : |",
    "| : : : : |",
    "| | : | : |",
    "|Y| : |B: |",
    "+---------+"
  };
  private static final String[] ACTIONS = {"South", "North", "East", "West", "Pickup", "Dropoff"};
  // Cells of R, G, Y and B.
  private static final List<Integer> PLACES = List.of(0, 4, 20, 23);
  // Compass directions of south, north, east and west, and of what lies to their left and right.
  private static final int[][] DIRECTIONS = {{1, 2, 0}, {3, 0, 2}, {2, 3, 1}, {0, 1, 3}};

  private final boolean ficklePassenger;
  private final double fickleProbability;
  private boolean willChangeDestination;
  private int heading;

  Taxi(Registration registration, Kwargs kwargs) {
    this(
        registration,
        kwargs,
        kwargs.flag("is_rainy", false),
        kwargs.probability("rainy_probability", 0.8));
  }

  private Taxi(Registration registration, Kwargs kwargs, boolean rainy, double rainyProbability) {
    super(
        registration,
        STATES,
        6,
        starts(),
        (state, action) -> outcomes(state, action, rainy, rainyProbability),
        "ansi",
        "rgb_array");
    ficklePassenger = kwargs.flag("fickle_passenger", false);
    fickleProbability = kwargs.probability("fickle_probability", 0.3);
  }

  private static int encoded(int cell, int passenger, int destination) {
    return (cell * 5 + passenger) * 4 + destination;
  }

  static int cell(int state) {
    return state / 20;
  }

  static int passenger(int state) {
    return state / 4 % 5;
  }

  static int destination(int state) {
    return state % 4;
  }

  /** The cell of a passenger's place or a destination. */
  static int cellOf(int place) {
    return PLACES.get(place);
  }

  private static double[] starts() {
    double[] distribution = new double[STATES];
    for (int state = 0; state < STATES; state++) {
      boolean start = passenger(state) != IN_TAXI && passenger(state) != destination(state);
      distribution[state] = start ? 1.0 / 300 : 0;
    }
    return distribution;
  }

  private static List<Outcome> outcomes(
      int state, int action, boolean rainy, double rainyProbability) {
    int cell = cell(state);
    int passenger = passenger(state);
    int destination = destination(state);
    if (action == 4) {
      boolean right = passenger != IN_TAXI && cell == cellOf(passenger);
      return List.of(
          new Outcome(
              1, encoded(cell, right ? IN_TAXI : passenger, destination), right ? -1 : -10, false));
    }
    if (action == 5) {
      if (passenger != IN_TAXI || !PLACES.contains(cell)) {
        return List.of(new Outcome(1, state, -10, false));
      }
      boolean delivered = cell == cellOf(destination);
      return List.of(
          new Outcome(
              1, encoded(cell, PLACES.indexOf(cell), destination), delivered ? 20 : -1, delivered));
    }
    int ahead = moved(cell, DIRECTIONS[action][0]);
    if (!rainy) {
      return List.of(new Outcome(1, encoded(ahead, passenger, destination), -1, false));
    }
    // A taxi that cannot go ahead does not drift aside either.
    int left = ahead == cell ? cell : moved(cell, DIRECTIONS[action][1]);
    int right = ahead == cell ? cell : moved(cell, DIRECTIONS[action][2]);
    double aside = (1 - rainyProbability) / 2;
    return List.of(
        new Outcome(rainyProbability, encoded(ahead, passenger, destination), -1, false),
        new Outcome(aside, encoded(left, passenger, destination), -1, false),
        new Outcome(aside, encoded(right, passenger, destination), -1, false));
  }

  /** The cell in a compass direction, or the same one before a wall. */
  private static int moved(int cell, int direction) {
    boolean sideways = direction % 2 == 0;
    return sideways && wall(cell / SIZE, cell % SIZE + direction / 2)
        ? cell
        : Compass.moved(cell, direction, SIZE, SIZE);
  }

  /** Whether there is a wall to the left of a column, 0 … 5. */
  static boolean wall(int row, int column) {
    return MAP[1 + row].charAt(2 * column) == '|';
  }

  @Override
  void restore(int newState) {
    super.restore(newState);
    willChangeDestination = ficklePassenger && random.random() < fickleProbability;
    heading = 0;
  }

  @Override
  int arrived(int from, int next) {
    heading = lastAction() < 4 ? lastAction() : heading;
    if (!willChangeDestination || passenger(from) != IN_TAXI || cell(from) == cell(next)) {
      return next;
    }
    willChangeDestination = false;
    int other = random.integers(3);
    int destination = other < destination(from) ? other : other + 1;
    return encoded(cell(next), passenger(next), destination);
  }

  @Override
  Map<String, Object> info(@Nullable Outcome outcome) {
    double probability = outcome == null ? 1 : outcome.probability();
    return Map.of("prob", probability, "action_mask", actionMask());
  }

  private NdArray actionMask() {
    long[] mask = new long[6];
    for (int action = 0; action < 6; action++) {
      mask[action] = outcomes(state(), action, false, 0).get(0).next() == state() ? 0 : 1;
    }
    return NdArray.ofLongs(DType.INT8, mask, 6);
  }

  @Override
  void exchange(EnvState fields) {
    super.exchange(fields);
    willChangeDestination = fields.flag(willChangeDestination);
    heading = fields.integer(heading, 0, 3);
  }

  @Override
  public NdArray render() {
    return TaxiPicture.draw(state(), heading);
  }

  @Override
  public @Nullable String renderText() {
    String[][] letters = new String[MAP.length][];
    for (int row = 0; row < MAP.length; row++) {
      letters[row] = MAP[row].split("");
    }
    int taxi = cell(state());
    String under = letters[1 + taxi / SIZE][2 * (taxi % SIZE) + 1];
    if (passenger(state()) == IN_TAXI) {
      paint(letters, taxi, "42", under.equals(" ") ? "_" : under);
    } else {
      paint(letters, taxi, "43", under);
      int waiting = cellOf(passenger(state()));
      paint(letters, waiting, "34;1", letters[1 + waiting / SIZE][2 * (waiting % SIZE) + 1]);
    }
    int target = cellOf(destination(state()));
    paint(letters, target, "35", letters[1 + target / SIZE][2 * (target % SIZE) + 1]);
    StringBuilder text = new StringBuilder();
    for (String[] row : letters) {
      text.append(String.join("", row)).append('\n');
    }
    return text.append(lastAction() == NONE ? "\n" : "  (" + ACTIONS[lastAction()] + ")\n")
        .toString();
  }

  private static void paint(String[][] letters, int cell, String attributes, String letter) {
    letters[1 + cell / SIZE][2 * (cell % SIZE) + 1] = colored(attributes, letter);
  }
}
