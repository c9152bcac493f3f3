package io.gymbridge.envs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.TabularMdp;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import io.gymbridge.envs.Recording.Variant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every number that Gymnasium gave when {@code src/test/python/record.py} asked it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GymnasiumTest {
  private static final double TOLERANCE = 1e-6;

  @Test
  void specs_are_gymnasiums() throws IOException {
    List<String> lines = Recording.lines("specs.csv");
    assertEquals(11, lines.size());
    for (String line : lines) {
      String[] cells = line.split(",", -1);
      EnvSpec spec = Envs.make(cells[0]).spec();
      assertEquals(
          new EnvSpec(
              cells[0],
              space(cells[5]),
              space(cells[6]),
              Long.parseLong(cells[1]),
              cells[2].isEmpty()
                  ? OptionalDouble.empty()
                  : OptionalDouble.of(Double.parseDouble(cells[2])),
              Map.of(
                  "render_modes",
                  List.of(cells[4].split(" ", -1)),
                  "render_fps",
                  Long.parseLong(cells[3]))),
          spec);
    }
  }

  private static Space space(String text) {
    String[] words = text.split(" ", -1);
    if (words[0].equals("Tuple")) {
      return new Tuple(
          Arrays.stream(text.substring(6).split(" \\| ", -1)).map(GymnasiumTest::space).toList());
    }
    DType dtype = DType.valueOf(words[1].toUpperCase(Locale.ROOT));
    if (words[0].equals("Discrete")) {
      return new Discrete(Long.parseLong(words[2]), Long.parseLong(words[3]), dtype);
    }
    double[] bounds =
        Arrays.stream(words)
            .skip(2)
            .mapToDouble(word -> Double.parseDouble(word.replace("inf", "Infinity")))
            .toArray();
    int size = bounds.length / 2;
    return new Box(
        NdArray.ofDoubles(dtype, Arrays.copyOf(bounds, size), size),
        NdArray.ofDoubles(dtype, Arrays.copyOfRange(bounds, size, 2 * size), size));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CartPole-v1",
        "MountainCar-v0",
        "MountainCarContinuous-v0",
        "Pendulum-v1",
        "Acrobot-v1"
      })
  void a_step_from_any_state_is_gymnasiums(String id) throws IOException {
    List<String> lines = Recording.lines("steps/" + id + ".csv.gz");
    assertEquals(10_000, lines.size());
    int ends = 0;
    for (String line : lines) {
      String[] cells = line.split(";", -1);
      double[] s = Recording.numbers(cells[0]);
      double[] seen = Recording.numbers(cells[2]);
      if (id.equals("Acrobot-v1")) {
        seen = acrobotObservation(seen);
      }
      Env env = restored(id, s);
      Env.Step step = env.step(action(env.spec().actionSpace(), cells[1]));
      assertArrayEquals(seen, step.observation().array().toDoubles(), TOLERANCE, line);
      assertEquals(Double.parseDouble(cells[3]), step.reward(), TOLERANCE, line);
      assertEquals(cells[4].equals("1"), step.terminated(), line);
      ends += step.terminated() ? 1 : 0;
    }
    assertEquals(!id.equals("Pendulum-v1"), ends > 100, "the recording shows ends, if there are");
  }

  /** An environment in the given state. */
  private static Env restored(String id, double[] s) {
    Registration registration =
        new Registration(id, 0, OptionalDouble.empty(), Map.of(), (any, kwargs) -> Envs.make(id));
    Kwargs kwargs = new Kwargs(id, Map.of(), Map.of());
    switch (id) {
      case "CartPole-v1" -> {
        CartPole cartPole = new CartPole(registration, kwargs, 1);
        cartPole.lane(0).reset(1);
        cartPole.restore(0, s[0], s[1], s[2], s[3]);
        return cartPole.lane(0);
      }
      case "MountainCar-v0" -> {
        MountainCar car = new MountainCar(registration, kwargs, 1);
        car.lane(0).reset(1);
        car.restore(0, s[0], s[1]);
        return car.lane(0);
      }
      case "MountainCarContinuous-v0" -> {
        MountainCarContinuous car = new MountainCarContinuous(registration, kwargs, 1);
        car.lane(0).reset(1);
        car.restore(0, (float) s[0], (float) s[1]);
        return car.lane(0);
      }
      case "Pendulum-v1" -> {
        Pendulum pendulum = new Pendulum(registration, kwargs, 1);
        pendulum.lane(0).reset(1);
        pendulum.restore(0, s[0], s[1]);
        return pendulum.lane(0);
      }
      default -> {
        Acrobot acrobot = new Acrobot(registration, kwargs, 1);
        acrobot.lane(0).reset(1);
        acrobot.restore(0, s);
        return acrobot.lane(0);
      }
    }
  }

  private static double[] acrobotObservation(double[] s) {
    return new double[] {
      Math.cos(s[0]), Math.sin(s[0]), Math.cos(s[1]), Math.sin(s[1]), s[2], s[3]
    };
  }

  private static NdArray action(Space space, String cell) {
    return space instanceof Discrete
        ? NdArray.of(new long[] {Long.parseLong(cell)})
        : NdArray.of(new float[] {Float.parseFloat(cell)}, 1);
  }

  List<String> tables() throws IOException {
    return headed("tables");
  }

  List<String> rollouts() throws IOException {
    return headed("rollouts");
  }

  /** The files of a folder, by number. */
  private static List<String> headed(String folder) throws IOException {
    List<String> files = new ArrayList<>();
    while (GymnasiumTest.class.getResource(folder + "/" + files.size() + ".csv.gz") != null) {
      files.add(folder + "/" + files.size() + ".csv.gz");
    }
    return files;
  }

  @ParameterizedTest
  @MethodSource("tables")
  void transition_tables_are_gymnasiums_exactly(String file) throws IOException {
    List<String> lines = Recording.lines(file);
    Variant variant = Variant.parse(lines.get(0).substring(2));
    TabularMdp mdp = Envs.tabular(variant.id(), variant.kwargs());
    assertArrayEquals(Recording.numbers(lines.get(1)), mdp.initialDistribution(), 0);
    List<String> expected = lines.subList(2, lines.size());
    List<String> actual = new ArrayList<>();
    for (int s = 0; s < mdp.states(); s++) {
      for (int a = 0; a < mdp.actions(); a++) {
        for (TabularMdp.Outcome outcome : mdp.outcomes(s, a)) {
          actual.add(
              "%d,%d,%s,%d,%s,%d"
                  .formatted(
                      s,
                      a,
                      outcome.probability(),
                      outcome.next(),
                      outcome.reward(),
                      outcome.terminated() ? 1 : 0));
        }
      }
    }
    assertEquals(String.join("\n", expected), String.join("\n", actual));
  }

  @ParameterizedTest
  @MethodSource("rollouts")
  void seeded_episodes_are_gymnasiums(String file) throws IOException {
    List<String> lines = Recording.lines(file);
    String[] head = lines.get(0).split(" ", -1);
    Variant variant = Variant.parse(head[1]);
    Env env = Envs.make(variant.id(), variant.kwargs());
    Long seed = Long.valueOf(head[2]);
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(";", 6);
      Value observation;
      Map<String, Object> info;
      if (cells[0].equals("reset")) {
        Env.Reset reset = env.reset(seed, Map.of());
        seed = null;
        observation = reset.observation();
        info = reset.info();
      } else {
        Env.Step step = env.step(action(env.spec().actionSpace(), cells[0]));
        observation = step.observation();
        info = step.info();
        double[] ends = Recording.numbers(cells[2]);
        assertEquals(ends[0], step.reward(), TOLERANCE, line);
        assertEquals(ends[1] == 1, step.terminated(), line);
        assertEquals(ends[2] == 1, step.truncated(), line);
      }
      assertArrayEquals(Recording.numbers(cells[1]), numbers(observation), TOLERANCE, line);
      assertEquals(cells[3], String.valueOf(info.getOrDefault("prob", "")), line);
      assertEquals(cells[4], mask(info), line);
      if (!cells[5].isEmpty()) {
        assertEquals(
            cells[5], String.valueOf(env.renderText()).replace("\n", "\\n").replace("\033", "\\e"));
      }
    }
  }

  private static double[] numbers(Value observation) {
    return observation instanceof TupleValue tuple
        ? tuple.parts().stream().mapToDouble(part -> part.array().getDouble(0)).toArray()
        : observation.array().toDoubles();
  }

  private static String mask(Map<String, Object> info) {
    if (!(info.get("action_mask") instanceof NdArray mask)) {
      return "";
    }
    assertEquals(DType.INT8, mask.dtype());
    StringBuilder digits = new StringBuilder();
    for (long digit : mask.toLongs()) {
      digits.append(digit);
    }
    return digits.toString();
  }

  @Test
  void random_frozen_lakes_are_gymnasiums() throws IOException {
    for (String line : Recording.lines("maps.csv")) {
      String[] cells = line.split(",", -1);
      assertEquals(
          List.of(cells[1].split("/", -1)), FrozenLake.randomMap(6, 0.7, Long.parseLong(cells[0])));
    }
  }
}
