package io.gymbridge.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Trajectory;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code testdata/minari} was written by Minari itself, with {@code data/write_minari.py}. */
class MinariReaderTest {
  private static final Path SAMPLE =
      Path.of(System.getProperty("gymbridge.root", "."), "testdata", "minari");
  private static final EnvSpec SPEC =
      new EnvSpec(
          "Test-v0",
          Box.of(DType.FLOAT32, -10, 10, 2),
          new Discrete(3),
          0,
          OptionalDouble.empty(),
          Map.of());

  @TempDir Path folder = Path.of("");

  private static List<Trajectory> load(Path source, EnvSpec spec, List<String> notes) {
    List<Trajectory> read = new ArrayList<>();
    try (DemonstrationReader reader = DemonstrationReader.open(source, spec)) {
      for (Trajectory next = reader.next(); next != null; next = reader.next()) {
        read.add(next);
      }
      notes.addAll(reader.notes());
    }
    return read;
  }

  private static void assertRefused(Path source, EnvSpec spec, String reason) {
    GymException error =
        assertThrows(GymException.class, () -> load(source, spec, new ArrayList<>()));
    assertTrue(error.getMessage().contains(reason), error.getMessage());
    assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
  }

  @Test
  void a_data_set_of_minaris_is_read_in_the_order_of_its_numbers() {
    List<String> notes = new ArrayList<>();
    List<Trajectory> read = load(SAMPLE, SPEC, notes);
    assertEquals(11, read.size());
    for (int episode = 0; episode < 11; episode++) {
      Trajectory trajectory = read.get(episode);
      int steps = 1 + episode % 3;
      assertEquals(steps, trajectory.length());
      // write_minari.py: observation (number of the episode, step) / 2, action step % 3.
      float[] observations = new float[2 * (steps + 1)];
      for (int step = 0; step <= steps; step++) {
        observations[2 * step] = episode / 2f;
        observations[2 * step + 1] = step / 2f;
      }
      assertEquals(NdArray.of(observations, steps + 1, 2), trajectory.observations());
      for (int step = 0; step < steps; step++) {
        assertEquals(step, trajectory.actions().array().getLong(step));
        assertEquals(episode + 0.25 * step, trajectory.rewards()[step]);
      }
      assertEquals(episode % 2 == 0, trajectory.terminated());
      assertEquals(episode % 2 != 0, trajectory.truncated());
    }
    assertEquals(List.of(), notes);
  }

  @Test
  void the_data_sets_file_and_its_data_folder_mean_it_too() {
    for (String inside : List.of("data", "data/main_data.hdf5")) {
      assertEquals(11, load(SAMPLE.resolve(inside), SPEC, new ArrayList<>()).size());
    }
  }

  @Test
  void another_environments_data_is_refused_and_another_version_noted() {
    assertRefused(
        SAMPLE,
        SPEC.withObservationSpace(Box.of(DType.FLOAT32, -10, 10, 3)),
        "its observation_space is");
    assertRefused(SAMPLE, SPEC.withActionSpace(new Discrete(4)), "its action_space is");
    assertRefused(SAMPLE, SPEC.withActionSpace(Box.of(DType.FLOAT32, -1, 1)), "its action_space");
    EnvSpec later =
        new EnvSpec(
            "Test-v1",
            SPEC.observationSpace(),
            SPEC.actionSpace(),
            0,
            OptionalDouble.empty(),
            Map.of());
    List<String> notes = new ArrayList<>();
    assertEquals(11, load(SAMPLE, later, notes).size());
    assertEquals(List.of("the demonstrations were recorded on Test-v0, not on Test-v1"), notes);
  }

  @Test
  void metadata_that_cannot_be_met_is_refused() throws IOException {
    Path data = Files.createDirectories(folder.resolve("data"));
    Path metadata = data.resolve("metadata.json");
    Files.writeString(metadata, "{\"data_format\": \"arrow\"}");
    assertRefused(folder, SPEC, "only \"hdf5\" is read");
    Files.writeString(metadata, "{}");
    assertRefused(folder, SPEC, "lacks this file");
    Files.copy(SAMPLE.resolve("data/main_data.hdf5"), data.resolve("main_data.hdf5"));
    assertEquals(11, load(folder, SPEC, new ArrayList<>()).size());
    Files.writeString(metadata, "{\"total_episodes\": 12}");
    assertRefused(folder, SPEC, "it has 11 episodes, expected 12");
    Files.writeString(metadata, "{\"total_episodes");
    assertRefused(folder, SPEC, "its metadata.json is no JSON");
  }

  @Test
  void damaged_files_are_refused_wherever_the_damage_is() throws IOException {
    byte[] whole = Files.readAllBytes(SAMPLE.resolve("data/main_data.hdf5"));
    Path file = folder.resolve("damaged.hdf5");
    for (int kept : new int[] {0, 7, 100, whole.length / 3, whole.length / 3 * 2}) {
      Files.write(file, Arrays.copyOf(whole, kept));
      assertRefused(file, SPEC, "damaged.hdf5 cannot be read as demonstrations");
    }
  }

  @Test
  void wrong_arrays_are_refused_with_the_reason() {
    assertEquals(1, load(written(Map.of()), SPEC, new ArrayList<>()).size());
    assertRefused(
        written(Map.of("observations", new float[2][2])),
        SPEC,
        "episode_0: \"observations\" has the shape [2, 2], expected [3, 2]");
    assertRefused(written(Map.of("actions", new long[] {0, 3})), SPEC, "\"actions\", row 1");
    assertRefused(written(Map.of("rewards", new double[] {0, Double.NaN})), SPEC, "NaN in row 1");
    assertRefused(
        written(Map.of("terminations", new byte[] {1, 0})), SPEC, "is true at step 0 of 2");
    assertRefused(written(Map.of("truncations", new byte[1])), SPEC, "expected [2]");
    assertRefused(
        written(Map.of("actions", new String[] {"left", "right"})), SPEC, "expected numbers");
    assertRefused(written(Map.of("observations", "group")), SPEC, "is a group, as Dict and Tuple");
  }

  @Test
  void a_file_without_episodes_is_refused() {
    Path file = folder.resolve("none.hdf5");
    try (WritableHdfFile hdf = HdfFile.write(file)) {
      hdf.putDataset("something", new int[1]);
    }
    assertRefused(file, SPEC, "it has 0 episodes");
  }

  /** One episode of two steps, with some arrays replaced; a text makes a group. */
  private Path written(Map<String, Object> replaced) {
    Map<String, Object> arrays = new TreeMap<>();
    arrays.put("observations", new float[3][2]);
    arrays.put("actions", new long[2]);
    arrays.put("rewards", new double[2]);
    arrays.put("terminations", new byte[2]);
    arrays.put("truncations", new byte[] {0, 1});
    arrays.putAll(replaced);
    Path file = folder.resolve("written.hdf5");
    try (WritableHdfFile hdf = HdfFile.write(file)) {
      WritableGroup episode = hdf.putGroup("episode_0");
      arrays.forEach(
          (name, array) -> {
            if (array instanceof String) {
              episode.putGroup(name).putDataset("position", new float[3]);
            } else {
              episode.putDataset(name, array);
            }
          });
    }
    return file;
  }

  @Test
  void values_survive_as_they_are() {
    Trajectory read =
        load(
                written(Map.of("observations", new float[][] {{1, 2}, {3, 4}, {5, 6}})),
                SPEC,
                new ArrayList<>())
            .get(0);
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, read.observations().array().toFloats());
    assertTrue(read.truncated() && !read.terminated());
  }
}
