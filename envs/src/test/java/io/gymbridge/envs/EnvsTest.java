package io.gymbridge.envs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.DType;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StatefulEnv;
import io.gymbridge.core.TabularMdp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for all registered environments. */
class EnvsTest {
  static List<String> ids() {
    return Envs.ids();
  }

  /** Plays on; where an episode ends, the next begins. */
  private static List<Object> play(Env env, Random random, int steps) {
    List<Object> seen = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      Env.Step step = env.step(env.spec().actionSpace().sample(random));
      seen.add(step);
      if (step.terminated() || step.truncated()) {
        seen.add(env.reset());
      }
    }
    return seen;
  }

  @ParameterizedTest
  @MethodSource("ids")
  void a_restored_state_goes_on_in_the_same_way(String id) {
    StatefulEnv env = Envs.make(id);
    byte[] fresh = env.saveState();
    env.reset(3);
    play(env, new Random(1), 73);
    byte[] saved = env.saveState();
    List<Object> once = play(env, new Random(2), 250);
    byte[] later = env.saveState();
    env.restoreState(saved);
    assertArrayEquals(saved, env.saveState());
    assertEquals(once, play(env, new Random(2), 250));

    StatefulEnv other = Envs.make(id);
    other.restoreState(saved);
    assertEquals(once, play(other, new Random(2), 250));
    assertArrayEquals(later, other.saveState());

    other.restoreState(fresh);
    GymException error =
        assertThrows(GymException.class, () -> play(other, new Random(2), 1), "before a reset");
    assertEquals(Kind.FAILED_PRECONDITION, error.kind());
  }

  @ParameterizedTest
  @MethodSource("ids")
  void attributes_set_to_what_they_are_change_nothing(String id) {
    StatefulEnv env = Envs.make(id);
    env.reset(3);
    play(env, new Random(1), 7);
    byte[] saved = env.saveState();
    for (String name : env.attributes().names()) {
      Object value = env.attributes().get(name);
      if (!name.equals("masscart")) {
        env.attributes().set(name, value);
      }
    }
    assertArrayEquals(saved, env.saveState());
  }

  @Test
  void saved_state_holds_attributes() {
    StatefulEnv env = Envs.make("CartPole-v1");
    env.reset(3);
    env.attributes().set("gravity", 3.7);
    byte[] saved = env.saveState();
    List<Object> once = play(env, new Random(2), 50);
    StatefulEnv other = Envs.make("CartPole-v1");
    other.restoreState(saved);
    assertEquals(3.7, other.attributes().get("gravity"));
    assertEquals(once, play(other, new Random(2), 50));
  }

  @ParameterizedTest
  @MethodSource("ids")
  void a_damaged_or_foreign_state_is_refused_and_changes_nothing(String id) {
    StatefulEnv env = Envs.make(id);
    env.reset(3);
    byte[] present = env.saveState();
    StatefulEnv other = Envs.make(id.equals("CartPole-v1") ? "Acrobot-v1" : "CartPole-v1");
    other.reset(3);
    List<byte[]> wrong = new ArrayList<>(List.of(new byte[0], other.saveState()));
    for (int i = 0; i < present.length; i++) {
      byte[] damaged = present.clone();
      damaged[i] ^= 0x10;
      wrong.add(damaged);
      wrong.add(Arrays.copyOf(present, i));
    }
    for (byte[] bytes : wrong) {
      GymException error = assertThrows(GymException.class, () -> env.restoreState(bytes));
      assertEquals(Kind.INVALID_ARGUMENT, error.kind());
    }
    assertArrayEquals(present, env.saveState());
  }

  @ParameterizedTest
  @MethodSource("ids")
  void the_time_limit_truncates(String id) {
    Env env = Envs.make(id);
    long limit = env.spec().maxEpisodeSteps();
    Random random = new Random(0);
    long longest = 0;
    for (int episode = 0; episode < (limit > 0 ? 20 : 0); episode++) {
      env.reset(episode);
      Env.Step step;
      long steps = 0;
      do {
        step = env.step(env.spec().actionSpace().sample(random));
        steps++;
        assertEquals(steps >= limit, step.truncated());
      } while (!step.terminated() && !step.truncated());
      longest = Math.max(longest, steps);
    }
    assertTrue(longest <= limit);
  }

  static List<String> drawn() {
    return Envs.ids().stream()
        .filter(id -> String.valueOf(Envs.make(id).spec().metadata()).contains("rgb_array"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("drawn")
  void pictures_change_with_the_state_and_keep_their_size(String id) {
    Env env = Envs.make(id, Map.of("render_mode", "rgb_array"));
    env.reset(1);
    NdArray first = Objects.requireNonNull(env.render());
    assertEquals(DType.UINT8, first.dtype());
    assertEquals(3, first.shape()[2]);
    assertTrue(first.shape()[0] >= 256 && first.shape()[1] >= 256);
    boolean changed = false;
    Random random = new Random(4);
    for (int i = 0; i < 30; i++) {
      play(env, random, 1);
      NdArray next = Objects.requireNonNull(env.render());
      assertArrayEquals(first.shape(), next.shape());
      changed |= !next.equals(first);
    }
    assertTrue(changed);
  }

  @ParameterizedTest
  @CsvSource({
    "CartPole-v1, sutton_barto_reward, 1",
    "Pendulum-v1, g, heavy",
    "Blackjack-v1, sab, 1",
    "FrozenLake-v1, map_name, 5x5",
    "FrozenLake-v1, desc, SFFG",
    "FrozenLake-v1, reward_schedule, 1",
    "FrozenLake-v1, success_rate, 1.5",
    "CliffWalking-v1, is_slippery, yes",
    "Taxi-v4, render_mode, human",
    "gymbridge/PointMaze-v0, gap, middle",
    "gymbridge/PointMaze-v0, start, above",
    "gymbridge/PointMaze-v0, velocity, hidden",
    "gymbridge/GridWorld-v0, size, 1000000",
  })
  void an_ill_typed_keyword_argument_is_named(String id, String name, String value) {
    Object given = value.matches("[0-9.]+") ? Double.valueOf(value) : value;
    GymException error = assertThrows(GymException.class, () -> Envs.make(id, Map.of(name, given)));
    assertEquals(Kind.INVALID_ARGUMENT, error.kind());
    assertTrue(error.getMessage().contains(name), error.getMessage());
    assertTrue(error.getMessage().contains(String.valueOf(given)), error.getMessage());
  }

  @Test
  void an_unknown_keyword_argument_is_refused_with_the_known_ones() {
    GymException error =
        assertThrows(GymException.class, () -> Envs.make("Taxi-v4", Map.of("is_wet", true)));
    assertEquals(
        "Taxi-v4 has no keyword argument is_wet; it knows fickle_passenger, fickle_probability,"
            + " is_rainy, rainy_probability, render_mode",
        error.getMessage());
    assertEquals(List.of("g", "render_mode"), Envs.kwargs("Pendulum-v1"));
  }

  @Test
  void an_unknown_id_names_those_there_are() {
    GymException error = assertThrows(GymException.class, () -> Envs.make("CartPole-v9"));
    assertEquals(Kind.NOT_FOUND, error.kind());
    assertTrue(error.getMessage().contains("CartPole-v1"), error.getMessage());
  }

  @Test
  void a_frozen_lake_without_a_map_is_a_random_one() {
    Map<String, Object> none = new HashMap<>();
    none.put("map_name", null);
    none.put("desc", null);
    assertEquals(64, Envs.tabular("FrozenLake-v1", none).states());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1"})
  void reset_takes_bounds_and_refuses_wrong_ones(String id) {
    Env env = Envs.make(id);
    env.reset(0L, Map.of("low", 0.1, "high", 0.2));
    assertThrows(GymException.class, () -> env.reset(0L, Map.of("low", 1.0)));
    assertThrows(GymException.class, () -> env.reset(0L, Map.of("low", "left")));
  }

  @Test
  void only_tabular_worlds_have_a_table() {
    GymException error =
        assertThrows(GymException.class, () -> Envs.tabular("Pendulum-v1", Map.of()));
    assertTrue(error.getMessage().contains("gymbridge/ObjectWorld-v0"), error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "FrozenLake8x8-v1",
        "CliffWalkingSlippery-v1",
        "Taxi-v4",
        "gymbridge/GridWorld-v0",
        "gymbridge/ObjectWorld-v0"
      })
  void probabilities_add_up(String id) {
    TabularMdp mdp = Envs.tabular(id, Map.of());
    assertEquals(1, Arrays.stream(mdp.initialDistribution()).sum(), 1e-9);
    for (int s = 0; s < mdp.states(); s++) {
      for (int a = 0; a < mdp.actions(); a++) {
        assertEquals(
            1,
            mdp.outcomes(s, a).stream().mapToDouble(TabularMdp.Outcome::probability).sum(),
            1e-12);
      }
    }
  }

  @Test
  void a_grid_world_slips_three_times_in_ten() {
    TabularMdp mdp = Envs.tabular("gymbridge/GridWorld-v0", Map.of());
    // Two right of the lower left; up is 3.
    assertEquals(22 - 5, mdp.outcomes(22, 3).get(3).next());
    assertEquals(0.775, mdp.outcomes(22, 3).get(3).probability(), 1e-12);
    assertEquals(0.075, mdp.outcomes(22, 3).get(0).probability(), 1e-12);
    // Below the goal.
    TabularMdp.Outcome reached = mdp.outcomes(9, 3).get(3);
    assertEquals(new TabularMdp.Outcome(reached.probability(), 4, 1, true), reached);
    assertEquals(1, mdp.features(7)[7]);
  }

  @Test
  void an_object_world_pays_by_the_papers_rule() {
    TabularMdp mdp = Envs.tabular("gymbridge/ObjectWorld-v0", Map.of("colors", 3L));
    int[] counts = new int[3];
    for (int s = 0; s < mdp.states(); s++) {
      double[] features = mdp.features(s);
      assertEquals(6, features.length);
      double expected = features[0] > 3 ? 0 : features[1] <= 2 ? 1 : -1;
      int stay = s;
      TabularMdp.Outcome stayed =
          mdp.outcomes(s, 4).stream().filter(o -> o.probability() > 0.5).findFirst().orElseThrow();
      assertEquals(new TabularMdp.Outcome(0.7, stay, expected, false), stayed);
      counts[(int) expected + 1]++;
    }
    assertTrue(IntStream.of(counts).allMatch(count -> count > 30), Arrays.toString(counts));
    TabularMdp other = Envs.tabular("gymbridge/ObjectWorld-v0", Map.of("map_seed", 1L));
    assertNotEquals(
        Arrays.toString(mdp.features(0)), Arrays.toString(other.features(0)), "another map");
  }

  @ParameterizedTest
  @ValueSource(strings = {"left", "right"})
  void a_point_maze_is_open_at_its_gap_only(String gap) {
    assertTrue(closest(gap, gap) < 0.05, "through the gap");
    assertTrue(closest(gap, gap.equals("left") ? "right" : "left") > 0.25, "against the wall");
    assertTrue(closest(gap, "middle") > 0.25, "straight ahead");
  }

  @Test
  void a_point_maze_may_begin_anywhere_but_inside_the_wall() {
    Env env = Envs.make("gymbridge/PointMaze-v0", Map.of("start", "anywhere"));
    int[] quarters = new int[4];
    env.reset(1);
    for (int i = 0; i < 400; i++) {
      double[] at = env.reset().observation().array().toDoubles();
      assertFalse(at[1] > 0.48 && at[1] < 0.52, Arrays.toString(at));
      quarters[(at[0] < 0.5 ? 0 : 1) + (at[1] < 0.5 ? 0 : 2)]++;
    }
    assertTrue(IntStream.of(quarters).allMatch(n -> n > 70), Arrays.toString(quarters));
  }

  @Test
  void a_point_maze_may_hide_the_velocity() {
    Env shown = Envs.make("gymbridge/PointMaze-v0");
    Env hidden = Envs.make("gymbridge/PointMaze-v0", Map.of("velocity", false));
    double[] all = shown.reset(1).observation().array().toDoubles();
    assertArrayEquals(Arrays.copyOf(all, 2), hidden.reset(1).observation().array().toDoubles(), 0);
    NdArray push = NdArray.of(new float[] {1, 0.5f}, 2);
    for (int i = 0; i < 3; i++) {
      all = shown.step(push).observation().array().toDoubles();
      NdArray seen = hidden.step(push).observation().array();
      assertArrayEquals(Arrays.copyOf(all, 2), seen.toDoubles(), 0);
      assertNull(hidden.spec().observationSpace().whyNot(seen));
    }
  }

  /** The least distance to the goal on the way by one side. */
  private static double closest(String gap, String side) {
    double door = side.equals("left") ? 0.1 : side.equals("right") ? 0.9 : 0.5;
    Env env = Envs.make("gymbridge/PointMaze-v0", Map.of("gap", gap));
    double[] at = env.reset(5).observation().array().toDoubles();
    double least = 1;
    boolean truncated = false;
    while (!truncated) {
      boolean behind = at[1] > 0.53;
      boolean atDoor = Math.abs(at[0] - door) < 0.05;
      double wantedX = behind ? 0.5 : door;
      double wantedY = behind ? 0.8 : atDoor ? 0.6 : 0.3;
      Env.Step step =
          env.step(
              NdArray.of(
                  new float[] {push(wantedX - at[0], at[2]), push(wantedY - at[1], at[3])}, 2));
      at = step.observation().array().toDoubles();
      assertNull(env.spec().observationSpace().whyNot(step.observation()));
      least = Math.min(least, Math.hypot(at[0] - 0.5, at[1] - 0.8));
      truncated = step.truncated();
    }
    return least;
  }

  private static float push(double distance, double speed) {
    return (float) Math.max(-1, Math.min(1, 10 * distance - 2 * speed));
  }
}
