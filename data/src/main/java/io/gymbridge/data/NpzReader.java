package io.gymbridge.data;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Trajectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Demonstrations as {@code .npz} files: E episodes of T₁ … T_E steps, end to end.
 *
 * <p>Arrays: {@code obs} (Σ(T+1), …), {@code acts} (ΣT, …), {@code rews} (ΣT), {@code ep_lens} (E),
 * {@code terminated} (E), {@code truncated} (E). Also read is the layout of the imitation library,
 * with {@code indices} (E−1, where {@code acts} is to be split) and {@code terminal} (E) instead of
 * the last three; its episodes that are not terminal count as stopped in mid-episode. The files do
 * not say in which spaces they live: the environment does.
 */
final class NpzReader implements DemonstrationReader {
  private final List<Path> files;
  private final EpisodeConversion conversion;
  private int opened;
  private @Nullable Episodes current;

  /** Opens the first file; the others as their turn comes. */
  NpzReader(List<Path> files, EnvSpec spec) {
    this.files = files;
    try {
      this.conversion =
          new EpisodeConversion(spec.observationSpace(), spec.actionSpace(), "obs", "acts", "rews");
    } catch (IOException e) {
      throw DemonstrationReader.invalid(files.get(0), String.valueOf(e.getMessage()), e);
    }
    openNext();
  }

  private void openNext() {
    Path file = files.get(opened++);
    try {
      current = new Episodes(file, conversion);
    } catch (ZipException e) {
      throw DemonstrationReader.invalid(
          file, "it is cut short, or no .npz file (" + e.getMessage() + ")", e);
    } catch (IOException e) {
      throw DemonstrationReader.invalid(file, String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public @Nullable Trajectory next() {
    while (current != null) {
      try {
        Trajectory trajectory = current.next();
        if (trajectory != null) {
          return trajectory;
        }
      } catch (IOException e) {
        throw DemonstrationReader.invalid(
            files.get(opened - 1), "episode %d: %s".formatted(current.read, e.getMessage()), e);
      }
      close();
      if (opened < files.size()) {
        openNext();
      }
    }
    return null;
  }

  @Override
  public List<String> notes() {
    return conversion.notes();
  }

  @Override
  public void close() {
    if (current != null) {
      current.close();
      current = null;
    }
  }

  /** The episodes of one file. */
  private static final class Episodes implements AutoCloseable {
    private final ZipFile zip;
    private final EpisodeConversion conversion;
    private final NpyRows observations;
    private final NpyRows actions;
    private final NpyRows rewards;
    private final int[] lengths;
    private final NdArray terminated;
    private final @Nullable NdArray truncated;
    private int read;

    Episodes(Path file, EpisodeConversion conversion) throws IOException {
      if (Files.isRegularFile(file) && Files.size(file) == 0) {
        throw new IOException("it is empty");
      }
      this.zip = new ZipFile(file.toFile());
      this.conversion = conversion;
      try {
        observations = required("obs");
        actions = required("acts");
        rewards = required("rews");
        lengths = lengths(rewards.shape()[0]);
        boolean ours = zip.getEntry("ep_lens.npy") != null;
        terminated = flags(ours ? "terminated" : "terminal");
        truncated = ours ? flags("truncated") : null;
        int steps = rewards.shape()[0];
        conversion.checkShapes(
            observations.shape(),
            actions.shape(),
            rewards.shape(),
            (long) steps + lengths.length,
            steps);
      } catch (IOException e) {
        zip.close();
        throw e;
      }
    }

    @Nullable Trajectory next() throws IOException {
      if (read == lengths.length) {
        return null;
      }
      int length = lengths[read];
      Trajectory trajectory =
          conversion.convert(
              observations.next(length + 1),
              actions.next(length),
              rewards.next(length),
              terminated.getLong(read) != 0,
              truncated != null && truncated.getLong(read) != 0);
      read++;
      return trajectory;
    }

    private NpyRows required(String name) throws IOException {
      NpyRows rows = NpyRows.find(zip, name);
      if (rows == null) {
        throw new IOException(
            "it lacks \"%s\"; it has %s"
                .formatted(name, zip.stream().map(Object::toString).toList()));
      }
      return rows;
    }

    private @Nullable NdArray whole(String name) throws IOException {
      try (NpyRows rows = NpyRows.find(zip, name)) {
        return rows == null ? null : rows.next(rows.shape()[0]);
      }
    }

    private NdArray flags(String name) throws IOException {
      required(name).close();
      NdArray flags = whole(name);
      if (flags == null || flags.size() != lengths.length) {
        throw new IOException(
            "\"%s\" has %d entries for %d episodes"
                .formatted(name, flags == null ? 0 : flags.size(), lengths.length));
      }
      return flags;
    }

    private int[] lengths(int steps) throws IOException {
      long[] claimed;
      NdArray given = whole("ep_lens");
      NdArray splits = whole("indices");
      if (given != null) {
        claimed = given.toLongs();
      } else if (splits != null) {
        claimed = new long[splits.size() + 1];
        long previous = 0;
        for (int i = 0; i < claimed.length; i++) {
          long next = i < splits.size() ? splits.getLong(i) : steps;
          claimed[i] = next - previous;
          previous = next;
        }
      } else {
        throw new IOException(
            "it lacks \"ep_lens\" (or \"indices\"); it has "
                + zip.stream().map(Object::toString).toList());
      }
      long sum = 0;
      for (long length : claimed) {
        if (length < 1 || length > steps - sum) {
          throw new IOException(
              "episode lengths %s do not add up to %d rewards"
                  .formatted(
                      Arrays.toString(Arrays.copyOf(claimed, Math.min(20, claimed.length))),
                      steps));
        }
        sum += length;
      }
      if (sum != steps || steps == 0) {
        throw new IOException(
            "episode lengths add up to %d, there are %d rewards".formatted(sum, steps));
      }
      return Arrays.stream(claimed).mapToInt(Math::toIntExact).toArray();
    }

    @Override
    public void close() {
      try {
        zip.close();
      } catch (IOException e) {
        // It was only read: nothing is lost.
      }
    }
  }
}
