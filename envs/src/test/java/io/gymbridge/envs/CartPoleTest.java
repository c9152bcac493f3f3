package io.gymbridge.envs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.TimeLimit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class CartPoleTest {
  private static NdArray action(long push) {
    return NdArray.of(new long[] {push});
  }

  @Test
  void equals_gymnasium_step_by_step() throws IOException {
    CartPole cartPole = new CartPole();
    Env env = new TimeLimit(cartPole);
    int steps = 0;
    int truncations = 0;
    for (String line : recorded()) {
      String[] cells = line.split(",", -1);
      double[] numbers = Arrays.stream(cells).skip(1).mapToDouble(Double::parseDouble).toArray();
      if (cells[0].equals("reset")) {
        env.reset(0);
        cartPole.restore(numbers[0], numbers[1], numbers[2], numbers[3]);
        continue;
      }
      Env.Step step = env.step(action(Long.parseLong(cells[0])));
      assertArrayEquals(
          Arrays.copyOf(numbers, 4), step.observation().array().toDoubles(), 1e-6, "step " + steps);
      assertEquals(numbers[4], step.reward());
      assertEquals(numbers[5] == 1, step.terminated());
      assertEquals(numbers[6] == 1, step.truncated());
      truncations += step.truncated() ? 1 : 0;
      steps++;
    }
    assertTrue(steps > 2_000 && truncations > 1, "the recording shows both ends");
  }

  private static List<String> recorded() throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(CartPoleTest.class.getResourceAsStream("CartPole-v1.csv")),
                StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    }
  }

  @Test
  void reset_with_a_seed_repeats_and_without_goes_on() {
    try (Env env = Envs.make("CartPole-v1")) {
      var first = env.reset(7).observation();
      var second = env.reset().observation();
      assertEquals(first, env.reset(7).observation());
      assertEquals(second, env.reset().observation());
      assertTrue(!first.equals(second));
    }
  }

  @Test
  void reset_takes_bounds_and_refuses_wrong_ones() {
    try (Env env = Envs.make("CartPole-v1")) {
      var observation = env.reset(0L, Map.of("low", 0.1, "high", 0.2)).observation().array();
      for (int i = 0; i < 4; i++) {
        assertTrue(observation.getDouble(i) >= 0.1 && observation.getDouble(i) <= 0.2);
      }
      assertThrows(GymException.class, () -> env.reset(0L, Map.of("low", 1.0)));
      assertThrows(GymException.class, () -> env.reset(0L, Map.of("low", "left")));
    }
  }

  @Test
  void a_wrong_action_is_refused_and_the_episode_goes_on() {
    try (Env env = Envs.make("CartPole-v1")) {
      assertThrows(GymException.class, () -> env.step(action(0)), "step before reset");
      env.reset(0);
      GymException error = assertThrows(GymException.class, () -> env.step(action(2)));
      assertTrue(error.getMessage().contains("expected one of 0 … 1"), error.getMessage());
      env.step(action(1));
    }
  }

  @Test
  void an_unknown_id_names_those_there_are() {
    GymException error = assertThrows(GymException.class, () -> Envs.make("CartPole-v9"));
    assertEquals(GymException.Kind.NOT_FOUND, error.kind());
    assertTrue(error.getMessage().contains("CartPole-v1"), error.getMessage());
  }
}
