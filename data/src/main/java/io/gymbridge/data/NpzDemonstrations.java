package io.gymbridge.data;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Demonstrations as {@code .npz} files: E episodes of T₁ … T_E steps, end to end.
 *
 * <p>Arrays: {@code obs} (Σ(T+1), …), {@code acts} (ΣT, …), {@code rews} (ΣT), {@code ep_lens} (E),
 * {@code terminated} (E), {@code truncated} (E). Also read is the layout of the imitation library,
 * with {@code indices} (E−1, where {@code acts} is to be split) and {@code terminal} (E) instead of
 * the last three; its episodes that are not terminal count as stopped in mid-episode.
 *
 * <p>The files do not say in which spaces they live: the caller does, and observations and actions
 * are converted to the spaces' types.
 */
public final class NpzDemonstrations {
  private NpzDemonstrations() {}

  /**
   * What was read.
   *
   * @param clippedActions number of actions that lay outside their Box and were clipped to it
   */
  public record Loaded(Demonstrations demonstrations, int clippedActions) {}

  /**
   * Reads a file, or all {@code .npz} files of a folder in the order of their names.
   *
   * @throws GymException NOT_FOUND if there is none; INVALID_ARGUMENT if one is damaged, lacks an
   *     array, does not add up, holds NaN, or does not fit the spaces: the message says which
   */
  public static Loaded read(Path path, Space observationSpace, Space actionSpace) {
    List<Trajectory> trajectories = new ArrayList<>();
    int clipped = 0;
    for (Path file : files(path)) {
      try {
        clipped += readFile(file, observationSpace, actionSpace, trajectories);
      } catch (ZipException e) {
        throw invalid(file, "it is cut short, or no .npz file (" + e.getMessage() + ")", e);
      } catch (IOException e) {
        throw invalid(file, String.valueOf(e.getMessage()), e);
      }
    }
    return new Loaded(new Demonstrations(observationSpace, actionSpace, trajectories), clipped);
  }

  private static List<Path> files(Path path) {
    if (Files.isRegularFile(path)) {
      return List.of(path);
    }
    if (Files.isDirectory(path)) {
      try (Stream<Path> all = Files.list(path)) {
        List<Path> found = all.filter(f -> f.toString().endsWith(".npz")).sorted().toList();
        if (!found.isEmpty()) {
          return found;
        }
      } catch (IOException e) {
        throw invalid(path, "the folder cannot be listed: " + e.getMessage(), e);
      }
    }
    throw new GymException(Kind.NOT_FOUND, "no .npz file at " + path);
  }

  private static int readFile(
      Path file, Space observationSpace, Space actionSpace, List<Trajectory> trajectories)
      throws IOException {
    Map<String, NdArray> arrays = arrays(file);
    NdArray rewards = required(file, arrays, "rews");
    int[] lengths = lengths(file, arrays, rewards.size());
    int steps = rewards.size();
    NdArray observations =
        fitted(
            file, "obs", required(file, arrays, "obs"), observationSpace, steps + lengths.length);
    NdArray actions = fitted(file, "acts", required(file, arrays, "acts"), actionSpace, steps);
    checkNumbers(file, "rews", rewards);
    int clipped = 0;
    if (actionSpace instanceof Box box) {
      NdArray within = box.clip(actions);
      for (int row = 0; row < steps; row++) {
        clipped += within.row(row).equals(actions.row(row)) ? 0 : 1;
      }
      actions = within;
    } else {
      for (int row = 0; row < steps; row++) {
        String mismatch = actionSpace.whyNot(actions.row(row));
        if (mismatch != null) {
          throw invalid(file, "action %d: %s".formatted(row, mismatch), null);
        }
      }
    }
    boolean ours = arrays.containsKey("ep_lens");
    NdArray terminated = flags(file, arrays, ours ? "terminated" : "terminal", lengths.length);
    NdArray truncated = ours ? flags(file, arrays, "truncated", lengths.length) : null;
    int step = 0;
    for (int episode = 0; episode < lengths.length; episode++) {
      int length = lengths[episode];
      int first = step + episode;
      trajectories.add(
          new Trajectory(
              observations.take(IntStream.rangeClosed(first, first + length).toArray()),
              actions.take(IntStream.range(step, step + length).toArray()),
              Arrays.copyOfRange(rewards.toDoubles(), step, step + length),
              terminated.getLong(episode) != 0,
              truncated != null && truncated.getLong(episode) != 0));
      step += length;
    }
    return clipped;
  }

  private static int[] lengths(Path file, Map<String, NdArray> arrays, int steps) {
    long[] lengths;
    NdArray given = arrays.get("ep_lens");
    NdArray splits = arrays.get("indices");
    if (given != null) {
      lengths = given.toLongs();
    } else if (splits != null) {
      lengths = new long[splits.size() + 1];
      long previous = 0;
      for (int i = 0; i < lengths.length; i++) {
        long next = i < splits.size() ? splits.getLong(i) : steps;
        lengths[i] = next - previous;
        previous = next;
      }
    } else {
      throw invalid(file, "it lacks \"ep_lens\" (or \"indices\"); it has " + arrays.keySet(), null);
    }
    long sum = 0;
    for (long length : lengths) {
      if (length < 1 || length > steps - sum) {
        throw invalid(
            file,
            "episode lengths %s do not add up to %d rewards"
                .formatted(Arrays.toString(lengths), steps),
            null);
      }
      sum += length;
    }
    if (sum != steps || steps == 0) {
      throw invalid(
          file, "episode lengths add up to %d, there are %d rewards".formatted(sum, steps), null);
    }
    return Arrays.stream(lengths).mapToInt(Math::toIntExact).toArray();
  }

  private static NdArray flags(Path file, Map<String, NdArray> arrays, String name, int episodes) {
    NdArray flags = required(file, arrays, name);
    if (flags.size() != episodes) {
      throw invalid(
          file,
          "\"%s\" has %d entries for %d episodes".formatted(name, flags.size(), episodes),
          null);
    }
    return flags;
  }

  /** An array in the type and shape of the space, {@code rows} of them. */
  private static NdArray fitted(Path file, String name, NdArray array, Space space, int rows) {
    DType dtype;
    int[] shape;
    if (space instanceof Box box) {
      dtype = box.dtype();
      shape = box.shape();
    } else if (space instanceof Discrete discrete) {
      dtype = discrete.dtype();
      shape = new int[0];
    } else if (space instanceof MultiDiscrete multi) {
      dtype = multi.dtype();
      shape = multi.shape();
    } else if (space instanceof MultiBinary multi) {
      dtype = DType.INT8;
      shape = multi.dimensions();
    } else {
      throw new GymException(
          Kind.INVALID_ARGUMENT, ".npz files hold plain arrays, not members of " + space);
    }
    int[] expected = IntStream.concat(IntStream.of(rows), IntStream.of(shape)).toArray();
    if (!Arrays.equals(array.shape(), expected)) {
      throw invalid(
          file,
          "\"%s\" has the shape %s, expected %s"
              .formatted(name, Arrays.toString(array.shape()), Arrays.toString(expected)),
          null);
    }
    checkNumbers(file, name, array);
    if (array.dtype() == dtype) {
      return array;
    }
    if (!dtype.isFloating()) {
      if (array.dtype().isFloating()) {
        throw invalid(
            file,
            "\"%s\" is %s, expected %s"
                .formatted(name, array.dtype().numpyName(), dtype.numpyName()),
            null);
      }
      NdArray converted = NdArray.ofLongs(dtype, array.toLongs(), expected);
      for (int i = 0; i < array.size(); i++) {
        if (converted.getLong(i) != array.getLong(i)) {
          throw invalid(
              file,
              "\"%s\" holds %d, which is no %s"
                  .formatted(name, array.getLong(i), dtype.numpyName()),
              null);
        }
      }
      return converted;
    }
    NdArray converted = NdArray.ofDoubles(dtype, array.toDoubles(), expected);
    checkNumbers(file, name, converted);
    return converted;
  }

  private static void checkNumbers(Path file, String name, NdArray array) {
    for (int i = 0; array.dtype().isFloating() && i < array.size(); i++) {
      if (!Double.isFinite(array.getDouble(i))) {
        int width = Math.max(1, array.size() / Math.max(1, array.batchSize()));
        throw invalid(
            file, "\"%s\" holds %s in row %d".formatted(name, array.getDouble(i), i / width), null);
      }
    }
  }

  private static NdArray required(Path file, Map<String, NdArray> arrays, String name) {
    NdArray array = arrays.get(name);
    if (array == null) {
      throw invalid(file, "it lacks \"%s\"; it has %s".formatted(name, arrays.keySet()), null);
    }
    return array;
  }

  private static Map<String, NdArray> arrays(Path file) throws IOException {
    if (Files.size(file) == 0) {
      throw new IOException("it is empty");
    }
    List<String> known =
        List.of("obs", "acts", "rews", "ep_lens", "terminated", "truncated", "indices", "terminal");
    Map<String, NdArray> arrays = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(file.toFile())) {
      for (String name : known) {
        ZipEntry entry = zip.getEntry(name + ".npy");
        if (entry == null) {
          continue;
        }
        try (InputStream in = zip.getInputStream(entry)) {
          arrays.put(name, NpyFormat.read(in, entry.getSize()));
        } catch (ZipException e) {
          throw e;
        } catch (IOException e) {
          throw new IOException("\"%s\": %s".formatted(name, e.getMessage()), e);
        }
      }
    }
    return arrays;
  }

  /**
   * Writes demonstrations of plain arrays; the file is replaced at once, so that readers see the
   * old or the new one.
   *
   * @throws IOException if it cannot be written; the old file, if any, is untouched
   * @throws GymException INVALID_ARGUMENT for values that are not plain arrays
   */
  public static void write(Path file, Demonstrations demonstrations) throws IOException {
    List<Trajectory> trajectories = demonstrations.trajectories();
    int episodes = trajectories.size();
    Map<String, NdArray> arrays = new LinkedHashMap<>();
    arrays.put("obs", joined(trajectories.stream().map(Trajectory::observations).toList()));
    arrays.put("acts", joined(trajectories.stream().map(Trajectory::actions).toList()));
    double[] rewards =
        trajectories.stream().flatMapToDouble(t -> Arrays.stream(t.rewards())).toArray();
    arrays.put("rews", NdArray.of(rewards, rewards.length));
    arrays.put(
        "ep_lens",
        NdArray.of(trajectories.stream().mapToLong(Trajectory::length).toArray(), episodes));
    arrays.put("terminated", flags(trajectories.stream().map(Trajectory::terminated).toList()));
    arrays.put("truncated", flags(trajectories.stream().map(Trajectory::truncated).toList()));
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("cannot write demonstrations to " + file);
    }
    Files.createDirectories(folder);
    Path temporary = Files.createTempFile(folder, ".demonstrations", ".tmp");
    try {
      try (OutputStream out = Files.newOutputStream(temporary);
          ZipOutputStream zip = new ZipOutputStream(out)) {
        for (Map.Entry<String, NdArray> array : arrays.entrySet()) {
          zip.putNextEntry(new ZipEntry(array.getKey() + ".npy"));
          NpyFormat.write(zip, array.getValue());
          zip.closeEntry();
        }
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static NdArray joined(List<Value> batches) {
    if (Value.concatenate(batches) instanceof NdArray array) {
      return array;
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        ".npz files hold plain arrays, got a %s: flatten the space first"
            .formatted(batches.get(0).getClass().getSimpleName()));
  }

  private static NdArray flags(List<Boolean> flags) {
    return NdArray.ofLongs(
        DType.BOOL, flags.stream().mapToLong(flag -> flag ? 1 : 0).toArray(), flags.size());
  }

  private static GymException invalid(Path file, String why, @Nullable Throwable cause) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "%s cannot be read as demonstrations: %s".formatted(file, why),
        null,
        cause);
  }
}
