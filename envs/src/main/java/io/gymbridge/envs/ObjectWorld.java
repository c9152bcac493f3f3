package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code gymbridge/ObjectWorld-v0}: a square grid with scattered objects, each of one inner and one
 * outer colour. The reward is +1 in cells within 3 of outer colour 0 and within 2 of outer colour
 * 1, −1 in those within 3 of outer colour 0 only, and 0 elsewhere; inner and further outer colours
 * distract. Distances are Euclidean, in cells. The reward is a nonlinear function of the features,
 * which is what the world is for.
 *
 * <p>Levine, Popović and Koltun (2011), "Nonlinear Inverse Reinforcement Learning with Gaussian
 * Processes". Actions: left, down, right, up, stay (0 … 4); 30 % of them are replaced by another
 * one. State: row · size + column. Episodes begin anywhere and never terminate; a step is worth the
 * reward of the cell it leads to. The number of objects and the time limit of 50 steps are ours.
 *
 * <p>{@link #features} are the distances to the nearest object of each outer colour, then of each
 * inner colour (the grid's diagonal where there is none); the info has them as {@code features}, a
 * {@code float64} array.
 *
 * <p>Keyword arguments: {@code size}, by default 32; {@code objects}, by default 50; {@code
 * colors}, by default 2; {@code slip}, by default 0.3; {@code map_seed}, which decides where the
 * objects lie, by default 0.
 */
final class ObjectWorld extends TabularEnv {
  private static final int ACTIONS = 5;
  private static final int STAY = 4;

  private final Scene scene;

  /**
   * An object.
   *
   * @param outer colour of its ring, from 0
   * @param inner colour of its middle, from 0
   */
  record Thing(int cell, int outer, int inner) {}

  /** What lies where. */
  record Scene(int size, int colors, List<Thing> things) {

    static Scene random(int size, int colors, int count, long seed) {
      NumpyRandom random = new NumpyRandom(seed);
      boolean[] taken = new boolean[size * size];
      List<Thing> things = new ArrayList<>();
      while (things.size() < Math.min(count, taken.length)) {
        int cell = random.integers(taken.length);
        if (!taken[cell]) {
          taken[cell] = true;
          things.add(new Thing(cell, random.integers(colors), random.integers(colors)));
        }
      }
      return new Scene(size, colors, things);
    }

    /** Distances to the nearest object of each outer and each inner colour. */
    double[] features(int cell) {
      double[] distances = new double[2 * colors];
      Arrays.fill(distances, Math.sqrt(2.0 * size * size));
      for (Thing thing : things) {
        int rows = thing.cell / size - cell / size;
        int columns = thing.cell % size - cell % size;
        double distance = Math.sqrt(rows * rows + columns * columns);
        distances[thing.outer] = Math.min(distances[thing.outer], distance);
        distances[colors + thing.inner] = Math.min(distances[colors + thing.inner], distance);
      }
      return distances;
    }

    double[] rewards() {
      double[] rewards = new double[size * size];
      for (int cell = 0; cell < rewards.length; cell++) {
        double[] distances = features(cell);
        rewards[cell] = distances[0] > 3 ? 0 : distances[1] <= 2 ? 1 : -1;
      }
      return rewards;
    }
  }

  ObjectWorld(Registration registration, Kwargs kwargs) {
    this(
        registration,
        Scene.random(
            kwargs.integer("size", 32, 2, 128),
            kwargs.integer("colors", 2, 2, 32),
            kwargs.integer("objects", 50, 0, 1024),
            kwargs.integer("map_seed", 0, 0, Integer.MAX_VALUE)),
        kwargs.probability("slip", 0.3));
  }

  private ObjectWorld(Registration registration, Scene scene, double slip) {
    super(
        registration,
        scene.size * scene.size,
        ACTIONS,
        anywhere(scene.size),
        new Moves(scene.size, slip, scene.rewards()),
        "rgb_array");
    this.scene = scene;
  }

  private static double[] anywhere(int size) {
    double[] distribution = new double[size * size];
    Arrays.fill(distribution, 1.0 / distribution.length);
    return distribution;
  }

  private record Moves(int size, double slip, double[] rewards) implements Dynamics {
    @Override
    public List<Outcome> outcomes(int state, int action) {
      List<Outcome> outcomes = new ArrayList<>();
      for (int taken = 0; taken < ACTIONS; taken++) {
        double probability = taken == action ? 1 - slip : slip / (ACTIONS - 1);
        if (probability > 0) {
          int next = taken == STAY ? state : Compass.moved(state, taken, size, size);
          outcomes.add(new Outcome(probability, next, rewards[next], false));
        }
      }
      return outcomes;
    }
  }

  @Override
  public double[] features(int cell) {
    return scene.features(cell);
  }

  @Override
  Map<String, Object> info(@Nullable Outcome outcome) {
    double[] features = features(state());
    return Map.of(
        "prob",
        outcome == null ? 1.0 : outcome.probability(),
        "features",
        NdArray.of(features, features.length));
  }

  @Override
  public NdArray render() {
    return WorldPicture.objects(scene, state());
  }
}
