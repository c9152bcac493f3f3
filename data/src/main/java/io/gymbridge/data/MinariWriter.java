package io.gymbridge.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import io.gymbridge.core.WholeFile;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes Minari data sets of the HDF5 format, each at once and whole: until a data set is complete,
 * there is none. Images are stored as they are, and numbers of unsigned types in the next larger
 * signed one.
 */
public final class MinariWriter {
  /** The format's version that is written. */
  private static final String MINARI = "0.5.3";

  private static final ObjectMapper JSON = new ObjectMapper();

  private MinariWriter() {}

  /**
   * One episode of T steps.
   *
   * @param infos arrays of T + 1 by name: {@code String[]}, {@code double[]} or {@code long[]}
   */
  public record Episode(Trajectory trajectory, Map<String, Object> infos) {}

  /** Whether values of a space can be written. */
  public static boolean holds(Space space) {
    return MinariSpaces.known(space);
  }

  /**
   * Writes a data set.
   *
   * @param folder where it is to be; must not exist
   * @param id the data set's name in Minari, such as {@code walker/requests-v0}
   * @param description for people
   * @param episodes at least one
   * @throws IOException if it cannot be written; nothing is left behind then
   */
  public static void write(
      Path folder,
      String id,
      String description,
      Space observationSpace,
      Space actionSpace,
      List<Episode> episodes)
      throws IOException {
    Path home = folder.toAbsolutePath().getParent();
    if (home == null) {
      throw new IOException("cannot write a data set to " + folder);
    }
    Files.createDirectories(home);
    Path unfinished = Files.createTempDirectory(home, WholeFile.UNFINISHED);
    try {
      Path data = Files.createDirectory(unfinished.resolve("data"));
      Path file = data.resolve("main_data.hdf5");
      try (WritableHdfFile hdf = HdfFile.write(file)) {
        for (int i = 0; i < episodes.size(); i++) {
          put(hdf.putGroup("episode_" + i), i, episodes.get(i));
        }
      }
      Path metadata = data.resolve("metadata.json");
      ObjectNode fields =
          JSON.createObjectNode()
              .put("total_episodes", episodes.size())
              .put(
                  "total_steps",
                  episodes.stream().mapToLong(each -> each.trajectory().length()).sum())
              .put("data_format", "hdf5")
              .put("jpeg_encoding", false)
              .put("observation_space", MinariSpaces.text(observationSpace))
              .put("action_space", MinariSpaces.text(actionSpace))
              .put("dataset_id", id)
              .put("dataset_size", Files.size(file) / 1e6)
              .put("description", description)
              .put("minari_version", MINARI);
      Files.write(metadata, JSON.writeValueAsBytes(fields));
      for (Path written : List.of(file, metadata, data, unfinished)) {
        WholeFile.force(written);
      }
      Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
      WholeFile.force(home);
    } catch (RuntimeException e) {
      throw new IOException("the HDF5 file cannot be written: " + e.getMessage(), e);
    } finally {
      remove(unfinished);
    }
  }

  private static void put(WritableGroup group, int id, Episode episode) {
    Trajectory trajectory = episode.trajectory();
    int steps = trajectory.length();
    group.putAttribute("id", (long) id);
    group.putAttribute("total_steps", (long) steps);
    put(group, "observations", trajectory.observations());
    put(group, "actions", trajectory.actions());
    group.putDataset("rewards", trajectory.rewards());
    group.putDataset("terminations", flags(steps, trajectory.terminated()));
    group.putDataset("truncations", flags(steps, trajectory.truncated()));
    WritableGroup infos = group.putGroup("infos");
    episode.infos().forEach(infos::putDataset);
  }

  private static void put(WritableGroup group, String name, Value batch) {
    if (batch instanceof NdArray array) {
      group.putDataset(name, JavaArrays.of(array));
    } else if (batch instanceof DictValue dict) {
      WritableGroup inner = group.putGroup(name);
      dict.parts().forEach((key, value) -> put(inner, key, value));
    } else if (batch instanceof TupleValue tuple) {
      WritableGroup inner = group.putGroup(name);
      for (int i = 0; i < tuple.parts().size(); i++) {
        put(inner, "_index_" + i, tuple.parts().get(i));
      }
    } else {
      throw new IllegalArgumentException("a " + batch.getClass().getSimpleName() + " has no place");
    }
  }

  /** Whether the last step has a flag, which none before has. */
  private static byte[] flags(int steps, boolean last) {
    byte[] flags = new byte[steps];
    flags[steps - 1] = (byte) (last ? 1 : 0);
    return flags;
  }

  private static void remove(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }
}
