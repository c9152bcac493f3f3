package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.learners.nn.Activation;
import io.gymbridge.learners.nn.Mlp;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LearnedRewardTest {
  private static final Space OBSERVATIONS = Box.of(DType.FLOAT32, -5, 5, 3);
  private static final Space FORCES = Box.of(DType.FLOAT32, -2, 2, 2);
  private static final double GAMMA = 0.9;

  @TempDir Path folder = Path.of("");

  static LearnedReward reward(
      LearnedReward.Form form, Space observations, Space actions, boolean absorbing) {
    return reward(form, observations, actions, absorbing, false);
  }

  private static LearnedReward reward(
      LearnedReward.Form form,
      Space observationSpace,
      Space actionSpace,
      boolean absorbing,
      boolean stateOnly) {
    ObservationEncoder observations = new ObservationEncoder(observationSpace);
    double[] mean = new double[observations.width()];
    double[] std = new double[observations.width()];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = 0.1 * i;
      std[i] = 1 + i;
    }
    TransitionEncoder encoder =
        TransitionEncoder.frozen(observations, ActionHead.of(actionSpace), absorbing, mean, std);
    int inputs = stateOnly ? encoder.stateWidth() : encoder.stateActionWidth();
    return new LearnedReward(
        form,
        encoder,
        GAMMA,
        stateOnly,
        mlp(inputs, 1),
        form.isAirl() ? mlp(encoder.stateWidth(), 2) : null);
  }

  private static Mlp mlp(int inputs, long seed) {
    Mlp mlp = new Mlp(new Mlp.Shape(inputs, List.of(5, 4), 1, Activation.RELU));
    mlp.initialise(new SplittableRandom(seed), Math.sqrt(2), 1);
    return mlp;
  }

  private static NdArray random(int n, int size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[n * size];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-2, 2);
    }
    return NdArray.of(values, n, size);
  }

  private static double[] rewards(LearnedReward reward, int n, boolean terminated) {
    boolean[] ends = new boolean[n];
    Arrays.fill(ends, terminated);
    NdArray actions =
        reward.actionSpace() instanceof Discrete ? NdArray.of(new long[n], n) : random(n, 2, 12);
    return reward.of(random(n, 3, 11), actions, random(n, 3, 13), ends);
  }

  @Test
  void the_forms_are_functions_of_the_same_networks() {
    double[] logits =
        rewards(reward(LearnedReward.Form.LOGIT, OBSERVATIONS, FORCES, false), 5, false);
    LearnedReward logit = reward(LearnedReward.Form.LOGIT, OBSERVATIONS, FORCES, false);
    double[] positive = rewards(logit.withForm(LearnedReward.Form.POSITIVE), 5, false);
    double[] negative = rewards(logit.withForm(LearnedReward.Form.NEGATIVE), 5, false);
    for (int i = 0; i < 5; i++) {
      double probability = 1 / (1 + Math.exp(-logits[i]));
      assertEquals(-Math.log(1 - probability), positive[i], 1e-9);
      assertEquals(Math.log(probability), negative[i], 1e-9);
    }
    LearnedReward shaped = reward(LearnedReward.Form.SHAPED, OBSERVATIONS, FORCES, false);
    assertThrows(GymException.class, () -> shaped.withForm(LearnedReward.Form.LOGIT));
  }

  @Test
  void it_is_what_the_discriminator_pays_and_stays_so() {
    for (boolean airl : new boolean[] {false, true}) {
      TransitionEncoder encoder =
          new TransitionEncoder(new ObservationEncoder(OBSERVATIONS), ActionHead.of(FORCES), false);
      Discriminator network =
          airl
              ? new Airl.Network(Airl.Config.defaults(), encoder, 1)
              : new Gail.Network(Gail.Config.defaults(), encoder, 1);
      NdArray before = random(4, 3, 1);
      NdArray actions = random(4, 2, 2);
      NdArray after = random(4, 3, 3);
      TransitionBatch batch = encoder.batch(Discriminator.CHUNK);
      System.arraycopy(before.toFloats(), 0, batch.observations, 0, 12);
      System.arraycopy(after.toFloats(), 0, batch.nextObservations, 0, 12);
      System.arraycopy(encoder.head().fromSpace(actions), 0, batch.actions, 0, 8);
      batch.terminated[1] = true;
      encoder.observe(batch, 4);
      double[] expected = new double[Discriminator.CHUNK];
      // AIRL's f is its logit without the policy.
      if (airl) {
        network.logits(batch, 4, new double[Discriminator.CHUNK], expected);
      } else {
        network.rewards(batch, 4, new double[Discriminator.CHUNK], expected);
      }
      LearnedReward learned = network.learned();
      LearnedReward reward = airl ? learned.withForm(LearnedReward.Form.SHAPED) : learned;
      double[] got = reward.of(before, actions, after, new boolean[] {false, true, false, false});
      assertArrayEquals(Arrays.copyOf(expected, 4), got, 1e-6);
      network.descend(batch, 4, new double[] {1, -1, 1, 1});
      encoder.observe(batch, 3);
      assertArrayEquals(
          got, reward.of(before, actions, after, new boolean[] {false, true, false, false}));
    }
  }

  @Test
  void shaping_adds_the_discounted_potential_after_and_takes_away_the_one_before() {
    LearnedReward unshaped = reward(LearnedReward.Form.UNSHAPED, OBSERVATIONS, FORCES, false);
    LearnedReward shaped = unshaped.withForm(LearnedReward.Form.SHAPED);
    NdArray before = random(1, 3, 1);
    NdArray after = random(1, 3, 2);
    NdArray action = random(1, 2, 3);
    double there = shaping(unshaped, shaped, before, action, after, false);
    double back = shaping(unshaped, shaped, after, action, before, false);
    double hBefore = -shaping(unshaped, shaped, before, action, after, true);
    double hAfter = -shaping(unshaped, shaped, after, action, before, true);
    assertEquals(GAMMA * hAfter - hBefore, there, 1e-6);
    assertEquals(GAMMA * hBefore - hAfter, back, 1e-6);
  }

  private static double shaping(
      LearnedReward unshaped,
      LearnedReward shaped,
      NdArray before,
      NdArray action,
      NdArray after,
      boolean terminated) {
    boolean[] ends = {terminated};
    return shaped.of(before, action, after, ends)[0] - unshaped.of(before, action, after, ends)[0];
  }

  @Test
  void a_state_only_reward_does_not_see_actions() {
    LearnedReward reward = reward(LearnedReward.Form.UNSHAPED, OBSERVATIONS, FORCES, false, true);
    NdArray states = random(4, 3, 1);
    assertTrue(reward.stateOnly());
    assertArrayEquals(
        reward.of(states, random(4, 2, 2), random(4, 3, 3), new boolean[4]),
        reward.of(states, random(4, 2, 4), random(4, 3, 5), new boolean[4]));
  }

  @Test
  void an_absorbing_state_is_paid_once_and_for_all_at_the_end() {
    LearnedReward reward = reward(LearnedReward.Form.LOGIT, OBSERVATIONS, FORCES, true);
    double[] going = rewards(reward, 3, false);
    double[] ending = rewards(reward, 3, true);
    double difference = ending[0] - going[0];
    assertTrue(Math.abs(difference) > 1e-3);
    assertEquals(difference, ending[1] - going[1], 1e-9);
    assertEquals(difference, ending[2] - going[2], 1e-9);
  }

  @ParameterizedTest
  @EnumSource(LearnedReward.Form.class)
  void a_file_holds_all_of_it(LearnedReward.Form form) throws IOException {
    for (Space actions : List.of(FORCES, new Discrete(3))) {
      LearnedReward reward = reward(form, OBSERVATIONS, actions, true);
      Path file = folder.resolve("reward.zip");
      reward.write(file);
      LearnedReward read = LearnedReward.read(file);
      assertEquals(form, read.form());
      assertEquals(OBSERVATIONS, read.observationSpace());
      assertEquals(actions, read.actionSpace());
      // More rows than fit into one pass.
      assertArrayEquals(rewards(reward, 1500, true), rewards(read, 1500, true));
      assertArrayEquals(new String[] {"reward.zip"}, folder.toFile().list());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'\"format\" : 1', '\"format\" : 2', format 2",
    "'\"form\" : \"SHAPED\"', '\"form\" : \"ODD\"', ODD",
    "'\"gamma\" : 0.9', '\"gamma\" : 1.0', gamma is 1.0",
    "'[ 5, 4 ]', '[ 5, 3 ]', expected",
    "'[ 5, 4 ]', '[ 2000000000, 2000000000 ]', has layers of",
    "'[ 5, 4 ]', '[ 5, -4 ]', has layers of",
    "'\"RELU\"', '\"GELU\"', GELU",
    "'\"Box\"', '\"Sphere\"', Sphere",
  })
  void a_file_that_does_not_add_up_is_refused(String found, String instead, String message)
      throws IOException {
    Path file = folder.resolve("reward.zip");
    reward(LearnedReward.Form.SHAPED, OBSERVATIONS, FORCES, true).write(file);
    rewrite(file, "reward.json", json -> json.replace(found, instead));
    GymException error = assertThrows(GymException.class, () -> LearnedReward.read(file));
    assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
    assertTrue(error.getMessage().contains(message), error.getMessage());
    assertTrue(error.getMessage().contains("no usable learned reward"), error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"mean.npy", "network.npy", "potential.npy", "action_scale.npy"})
  void a_file_that_lacks_something_is_refused(String name) throws IOException {
    Path file = folder.resolve("reward.zip");
    reward(LearnedReward.Form.SHAPED, OBSERVATIONS, FORCES, true).write(file);
    rewrite(file, name, content -> "");
    GymException error = assertThrows(GymException.class, () -> LearnedReward.read(file));
    assertTrue(error.getMessage().contains("lacks " + name), error.getMessage());
  }

  @Test
  void every_cut_of_a_file_is_refused() throws IOException {
    Path file = folder.resolve("reward.zip");
    reward(LearnedReward.Form.POSITIVE, OBSERVATIONS, FORCES, false).write(file);
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length += 37) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThrows(GymException.class, () -> LearnedReward.read(file));
    }
    Files.delete(file);
    GymException missing = assertThrows(GymException.class, () -> LearnedReward.read(file));
    assertEquals(GymException.Kind.NOT_FOUND, missing.kind());
  }

  /** Changes an entry; leaves it out where nothing is left of it. */
  private static void rewrite(Path file, String name, UnaryOperator<String> change)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(file));
        ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        byte[] content = in.readAllBytes();
        if (entry.getName().equals(name)) {
          String before = new String(content, StandardCharsets.ISO_8859_1);
          content = change.apply(before).getBytes(StandardCharsets.ISO_8859_1);
          if (content.length == 0) {
            continue;
          }
          assertTrue(!before.equals(new String(content, StandardCharsets.ISO_8859_1)), before);
        }
        out.putNextEntry(new ZipEntry(entry.getName()));
        out.write(content);
      }
    }
    Files.write(file, bytes.toByteArray());
  }
}
