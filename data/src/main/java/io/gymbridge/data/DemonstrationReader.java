package io.gymbridge.data;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Trajectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Demonstrations on disk, read one episode at a time: an {@code .npz} file, a Minari data set, or a
 * folder of either. Observations and actions come in the types and shapes of an environment's
 * spaces, actions outside a Box moved to its bounds. Not thread-safe.
 */
public sealed interface DemonstrationReader extends AutoCloseable
    permits NpzReader, MinariReader, SeveralReader {

  /**
   * Opens what lies at a path.
   *
   * @param path an {@code .npz} file or a folder of them, which are read in the order of their
   *     names; or a Minari data set's folder, or its {@code main_data.hdf5}; or a folder of Minari
   *     data sets, read in the order of their names, shorter ones first
   * @param spec of the environment that the demonstrations have to fit
   * @throws GymException NOT_FOUND if there is nothing of the kind; INVALID_ARGUMENT if it is
   *     damaged or does not fit: the message says what was found and what was expected
   */
  static DemonstrationReader open(Path path, EnvSpec spec) {
    Path minari = MinariReader.file(path);
    if (minari != null) {
      return new MinariReader(minari, spec);
    }
    if (Files.isRegularFile(path)) {
      return new NpzReader(List.of(path), spec);
    }
    if (Files.isDirectory(path)) {
      try (Stream<Path> all = Files.list(path)) {
        List<Path> found = all.filter(f -> f.toString().endsWith(".npz")).sorted().toList();
        if (!found.isEmpty()) {
          return new NpzReader(found, spec);
        }
        List<Path> sets = MinariReader.files(path);
        if (!sets.isEmpty()) {
          return new SeveralReader(sets, spec);
        }
      } catch (IOException e) {
        throw invalid(path, "the folder cannot be listed: " + e.getMessage(), e);
      }
    }
    throw new GymException(
        Kind.NOT_FOUND,
        "no demonstrations at %s: expected an .npz file, a folder of them, or a Minari data set (data/main_data.hdf5) or a folder of them"
            .formatted(path));
  }

  /**
   * The next episode; null after the last.
   *
   * @throws GymException INVALID_ARGUMENT if it is damaged, holds NaN, or does not fit the spaces
   */
  @Nullable Trajectory next();

  /** All episodes that are left, at once in memory. */
  default List<Trajectory> rest() {
    List<Trajectory> all = new ArrayList<>();
    for (Trajectory next = next(); next != null; next = next()) {
      all.add(next);
    }
    return all;
  }

  /** What the user should know of what was read so far, such as how many actions were clipped. */
  List<String> notes();

  @Override
  void close();

  /** The error for a file that is no demonstrations, or not of this environment. */
  static GymException invalid(Path file, String why, @Nullable Throwable cause) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "%s cannot be read as demonstrations: %s".formatted(file, why),
        null,
        cause);
  }
}
