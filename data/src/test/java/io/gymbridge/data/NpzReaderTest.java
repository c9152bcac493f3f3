package io.gymbridge.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.TextValue;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpzReaderTest {
  private static final EnvSpec SPEC =
      spec(Box.of(DType.FLOAT64, -10, 10, 2), Box.of(DType.FLOAT32, -1, 1, 1), 3);

  @TempDir Path folder = Path.of("");

  private static EnvSpec spec(Space observations, Space actions, long limit) {
    return new EnvSpec("Test-v0", observations, actions, limit, OptionalDouble.empty(), Map.of());
  }

  private static List<Trajectory> demonstrations() {
    Trajectory first =
        new Trajectory(
            NdArray.of(new double[] {0, 1, 2, 3, 4, 5}, 3, 2),
            NdArray.of(new float[] {0.5f, -0.5f}, 2, 1),
            new double[] {1, 2},
            true,
            false);
    Trajectory second =
        new Trajectory(
            NdArray.of(new double[] {6, 7, 8, 9}, 2, 2),
            NdArray.of(new float[] {1}, 1, 1),
            new double[] {3},
            false,
            true);
    return List.of(first, second);
  }

  private static List<Trajectory> load(Path source, EnvSpec spec) {
    return load(source, spec, new ArrayList<>());
  }

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

  private static double meanReturn(Path source, EnvSpec spec) {
    return Evaluation.of(load(source, spec)).mean();
  }

  private static void write(Path file, List<Trajectory> trajectories) throws IOException {
    try (NpzWriter writer = new NpzWriter(file)) {
      for (Trajectory trajectory : trajectories) {
        writer.add(0, trajectory);
      }
      writer.finish();
    }
  }

  private Path raw(Map<String, NdArray> arrays) throws IOException {
    Path file = folder.resolve("raw.npz");
    try (OutputStream stream = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(stream)) {
      for (Map.Entry<String, NdArray> array : arrays.entrySet()) {
        zip.putNextEntry(new ZipEntry(array.getKey() + ".npy"));
        new NpyHeader(array.getValue().dtype(), array.getValue().shape()).write(zip);
        Channels.newChannel(zip).write(array.getValue().data());
        zip.closeEntry();
      }
    }
    return file;
  }

  private static void assertRefused(Path file, String reason) {
    GymException error = assertThrows(GymException.class, () -> load(file, SPEC));
    assertTrue(error.getMessage().contains(reason), error.getMessage());
  }

  @Test
  void values_that_are_no_plain_arrays_are_refused() {
    Value texts = Value.stack(List.of(new TextValue("a"), new TextValue("b")));
    Trajectory trajectory =
        new Trajectory(texts, NdArray.of(new long[1], 1), new double[1], true, false);
    Path file = folder.resolve("texts.npz");
    GymException error = assertThrows(GymException.class, () -> write(file, List.of(trajectory)));
    assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
    assertTrue(Files.notExists(file));
  }

  @Test
  void what_is_written_is_read_again() throws IOException {
    Path file = folder.resolve("demos.npz");
    write(file, demonstrations());
    List<Trajectory> read = load(file, SPEC);
    for (int i = 0; i < 2; i++) {
      Trajectory expected = demonstrations().get(i);
      Trajectory actual = read.get(i);
      assertEquals(expected.observations(), actual.observations());
      assertEquals(expected.actions(), actual.actions());
      assertEquals(Arrays.toString(expected.rewards()), Arrays.toString(actual.rewards()));
      assertEquals(expected.terminated(), actual.terminated());
      assertEquals(expected.truncated(), actual.truncated());
    }
  }

  @Test
  void a_folder_is_its_files_one_after_the_other() throws IOException {
    write(folder.resolve("a.npz"), demonstrations());
    write(folder.resolve("b.npz"), demonstrations());
    assertEquals(4, load(folder, SPEC).size());
  }

  @Test
  void episodes_are_written_group_after_group_whatever_ended_first() throws IOException {
    Path file = folder.resolve("demos.npz");
    try (NpzWriter writer = new NpzWriter(file)) {
      writer.add(1, demonstrations().get(1));
      writer.add(0, demonstrations().get(0));
      writer.add(1, demonstrations().get(0));
      writer.finish();
    }
    List<Trajectory> read = load(file, SPEC);
    assertEquals(List.of(2, 1, 2), read.stream().map(Trajectory::length).toList());
    assertEquals(demonstrations().get(1).observations(), read.get(1).observations());
    assertEquals(demonstrations().get(0).actions(), read.get(2).actions());
    try (var left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  @Test
  void damage_behind_the_first_episode_does_not_keep_it_from_being_read() throws IOException {
    Map<String, NdArray> arrays = new TreeMap<>();
    arrays.put("obs", NdArray.of(new float[] {0, 0, 0, 0, 0, 0, Float.NaN, 0}, 4, 2));
    arrays.put("acts", NdArray.of(new float[2], 2, 1));
    arrays.put("rews", NdArray.of(new float[2], 2));
    arrays.put("ep_lens", NdArray.of(new long[] {1, 1}, 2));
    arrays.put("terminated", NdArray.of(new long[2], 2));
    arrays.put("truncated", NdArray.of(new long[2], 2));
    try (DemonstrationReader reader = DemonstrationReader.open(raw(arrays), SPEC)) {
      assertNotNull(reader.next());
      GymException error = assertThrows(GymException.class, reader::next);
      assertTrue(error.getMessage().contains("episode 1: \"obs\" holds NaN"), error.getMessage());
    }
  }

  @Test
  void imitations_layout_is_read_and_actions_are_clipped() throws IOException {
    Path file =
        raw(
            Map.of(
                "obs", NdArray.of(new float[14], 7, 2),
                "acts", NdArray.of(new float[] {0, 0, 7, 0, -7}, 5, 1),
                "rews", NdArray.of(new float[5], 5),
                "indices", NdArray.of(new long[] {3}, 1),
                "terminal", NdArray.ofLongs(DType.BOOL, new long[] {1, 1}, 2)));
    List<String> notes = new ArrayList<>();
    List<Trajectory> read = load(file, SPEC, notes);
    assertEquals(
        List.of("2 actions lay outside the action space and were moved to its bounds"), notes);
    assertEquals(NdArray.of(new float[] {0, 0, 1}, 3, 1), read.get(0).actions());
    assertTrue(read.get(0).terminated() && read.get(1).terminated());
  }

  @Test
  void wrong_files_are_refused_with_the_reason() throws IOException {
    assertRefused(folder.resolve("none.npz"), "no demonstrations at");
    Path file = folder.resolve("demos.npz");
    write(file, demonstrations());
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertRefused(file, "cannot be read");
    Files.write(file, new byte[0]);
    assertRefused(file, "cannot be read");
    assertRefused(raw(Map.of("obs", NdArray.of(new float[4], 2, 2))), "it lacks \"acts\"");
    assertRefused(
        rawBut("obs", NdArray.of(new float[] {0, Float.NaN, 0, 0}, 2, 2)),
        "\"obs\" holds NaN in row 0");
    assertRefused(rawBut("obs", NdArray.of(new float[6], 2, 3)), "expected [2, 2]");
    assertRefused(rawBut("obs", NdArray.of(new float[6], 3, 2)), "expected [2, 2]");
    assertRefused(rawBut("ep_lens", NdArray.of(new long[] {2}, 1)), "do not add up to 1 rewards");
    assertRefused(
        rawBut("truncated", NdArray.of(new long[] {1, 0}, 2)), "2 entries for 1 episodes");
  }

  /** One step of one episode, with one array replaced. */
  private Path rawBut(String name, NdArray array) throws IOException {
    Map<String, NdArray> arrays = new TreeMap<>();
    arrays.put("obs", NdArray.of(new float[4], 2, 2));
    arrays.put("acts", NdArray.of(new float[1], 1, 1));
    arrays.put("rews", NdArray.of(new float[1], 1));
    arrays.put("ep_lens", NdArray.of(new long[] {1}, 1));
    arrays.put("terminated", NdArray.of(new long[] {1}, 1));
    arrays.put("truncated", NdArray.of(new long[] {0}, 1));
    arrays.put(name, array);
    return raw(arrays);
  }

  @Test
  void imitations_episodes_that_are_not_terminal_stop_in_mid_episode() throws IOException {
    Path file =
        raw(
            Map.of(
                "obs", NdArray.of(new float[10], 5, 2),
                "acts", NdArray.of(new float[3], 3, 1),
                "rews", NdArray.of(new float[3], 3),
                "indices", NdArray.of(new long[] {2}, 1),
                "terminal", NdArray.ofLongs(DType.BOOL, new long[] {0, 1}, 2)));
    List<Trajectory> read = load(file, SPEC);
    assertEquals(List.of(2, 1), read.stream().map(Trajectory::length).toList());
    assertEquals(List.of(false, true), read.stream().map(Trajectory::terminated).toList());
    assertEquals(List.of(false, false), read.stream().map(Trajectory::truncated).toList());
  }

  @Test
  void lengths_that_overflow_are_refused() throws IOException {
    long most = Long.MAX_VALUE;
    Map<String, NdArray> arrays = new TreeMap<>();
    arrays.put("obs", NdArray.of(new float[14], 7, 2));
    arrays.put("acts", NdArray.of(new float[3], 3, 1));
    arrays.put("rews", NdArray.of(new float[3], 3));
    arrays.put("ep_lens", NdArray.of(new long[] {1, most, most, 4}, 4));
    arrays.put("terminated", NdArray.of(new long[4], 4));
    arrays.put("truncated", NdArray.of(new long[4], 4));
    assertRefused(raw(arrays), "do not add up to 3 rewards");
  }

  @Test
  void numbers_that_the_spaces_type_cannot_hold_are_refused() throws IOException {
    Path file = rawBut("obs", NdArray.of(new long[] {0, 300, 0, 0}, 2, 2));
    EnvSpec pictures = spec(Box.of(DType.UINT8, 0, 255, 2), SPEC.actionSpace(), 3);
    GymException error = assertThrows(GymException.class, () -> load(file, pictures));
    assertTrue(error.getMessage().contains("300, which is no uint8"), error.getMessage());
    Path large = rawBut("obs", NdArray.of(new double[] {0, 1e39, 0, 0}, 2, 2));
    EnvSpec single = spec(Box.of(DType.FLOAT32, -1, 1, 2), SPEC.actionSpace(), 3);
    error = assertThrows(GymException.class, () -> load(large, single));
    assertTrue(error.getMessage().contains("Infinity in row 0"), error.getMessage());
  }

  @Test
  void arrays_that_claim_more_than_there_is_are_refused() throws IOException {
    for (String claim : List.of("(2000000000, 2)", "(100000, 2)", "(99999999999, 2)")) {
      String header = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }%n".formatted(claim);
      Path file = folder.resolve("claim.npz");
      try (OutputStream stream = Files.newOutputStream(file);
          ZipOutputStream zip = new ZipOutputStream(stream)) {
        zip.putNextEntry(new ZipEntry("obs.npy"));
        zip.write(
            new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length(), 0});
        zip.write(header.getBytes(StandardCharsets.US_ASCII));
      }
      assertRefused(file, "\"obs\": ");
    }
  }

  @Test
  void failed_write_leaves_no_temporary_file() throws IOException {
    Path occupied = Files.createDirectories(folder.resolve("occupied.npz").resolve("inside"));
    assertThrows(IOException.class, () -> write(folder.resolve("occupied.npz"), demonstrations()));
    assertTrue(Files.isDirectory(occupied));
    try (var left = Files.list(folder)) {
      assertEquals(1, left.count());
    }
  }

  @Test
  void pickled_objects_are_refused() throws IOException {
    Path file = folder.resolve("pickle.npz");
    String header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
    try (OutputStream stream = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(stream)) {
      zip.putNextEntry(new ZipEntry("obs.npy"));
      zip.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length(), 0});
      zip.write(header.getBytes(StandardCharsets.US_ASCII));
    }
    assertRefused(file, "pickled");
  }

  @Test
  void published_demonstrations_have_their_published_returns() {
    String root = System.getProperty("gymbridge.root", ".");
    String given =
        System.getProperty(
            "gymbridge.data",
            System.getenv().getOrDefault("GYMBRIDGE_DATA", root + "/../shared/data"));
    Path data = Path.of(given, "demos").normalize();
    assumeTrue(Files.isDirectory(data), "the reference data is not here: " + data);
    EnvSpec cartPole =
        spec(
            Box.of(DType.FLOAT32, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 4),
            new Discrete(2),
            500);
    assertEquals(500, meanReturn(data.resolve("sb3_ppo_CartPole-v1.npz"), cartPole));
    assertEquals(473, meanReturn(data.resolve("imitation_CartPole-v1.npz"), cartPole), 1);
    EnvSpec cheetah =
        spec(
            Box.of(DType.FLOAT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 17),
            Box.of(DType.FLOAT32, -1, 1, 6),
            1000);
    assertEquals(
        5259, meanReturn(data.resolve("gail_HalfCheetah-v5_deterministic10.npz"), cheetah), 1);
  }
}
