package io.gymbridge.data;

import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import io.gymbridge.core.WholeFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes demonstrations as an {@code .npz} file that {@link DemonstrationReader} reads. Episodes
 * are put on disk as they come, beside the file; {@link #finish} joins them, and replaces the file
 * at once, so that readers see the old or the new one. Not thread-safe.
 */
public final class NpzWriter implements AutoCloseable {
  private final Path file;
  private final Path folder;
  private final List<Episode> episodes = new ArrayList<>();
  private @Nullable Spool observations;
  private @Nullable Spool actions;
  private @Nullable Spool rewards;

  /** An episode on disk; where it begins is counted in rows of each spool. */
  private record Episode(
      int group,
      int length,
      boolean terminated,
      boolean truncated,
      long observationRow,
      long step) {}

  /**
   * Opens nothing yet.
   *
   * @throws IOException if there can be no such file
   */
  public NpzWriter(Path file) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IOException("cannot write demonstrations to " + file);
    }
    this.file = file;
    this.folder = parent;
  }

  /**
   * Adds an episode.
   *
   * @param group the file has the episodes of the lowest group first, such as those of an
   *     environment's first lane; within one they stay in the order in which they came
   * @throws IOException if the disk is full, or the episode differs from earlier ones in its shapes
   * @throws GymException INVALID_ARGUMENT for values that are not plain arrays
   */
  public void add(int group, Trajectory trajectory) throws IOException {
    NdArray seen = plain(trajectory.observations());
    NdArray done = plain(trajectory.actions());
    NdArray paid = NdArray.of(trajectory.rewards(), trajectory.length());
    if (observations == null || actions == null || rewards == null) {
      Files.createDirectories(folder);
      observations = new Spool(folder, seen);
      actions = new Spool(folder, done);
      rewards = new Spool(folder, paid);
    }
    long observationRow = observations.add(seen);
    long step = actions.add(done);
    rewards.add(paid);
    episodes.add(
        new Episode(
            group,
            trajectory.length(),
            trajectory.terminated(),
            trajectory.truncated(),
            observationRow,
            step));
  }

  private static NdArray plain(Value batch) {
    if (batch instanceof NdArray array) {
      return array;
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        ".npz files hold plain arrays, got a %s: flatten the space first"
            .formatted(batch.getClass().getSimpleName()));
  }

  /**
   * Writes the file.
   *
   * @throws IOException if it cannot be written, or no episode was added; the old file, if any, is
   *     untouched
   */
  public void finish() throws IOException {
    if (observations == null || actions == null || rewards == null) {
      throw new IOException("cannot write " + file + ": there is no episode");
    }
    List<Episode> sorted =
        episodes.stream().sorted(Comparator.comparingInt(Episode::group)).toList();
    Spool observed = observations;
    List<Spool> others = List.of(actions, rewards);
    WholeFile.write(file, out -> write(observed, others, sorted, out));
  }

  private static void write(
      Spool observed, List<Spool> actionsAndRewards, List<Episode> sorted, OutputStream out)
      throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("obs.npy"));
      observed.header().write(zip);
      for (Episode episode : sorted) {
        observed.copy(episode.observationRow, episode.length + 1, zip);
      }
      zip.closeEntry();
      for (int i = 0; i < 2; i++) {
        zip.putNextEntry(new ZipEntry(i == 0 ? "acts.npy" : "rews.npy"));
        actionsAndRewards.get(i).header().write(zip);
        for (Episode episode : sorted) {
          actionsAndRewards.get(i).copy(episode.step, episode.length, zip);
        }
        zip.closeEntry();
      }
      write(zip, "ep_lens", DType.INT64, sorted, Episode::length);
      write(zip, "terminated", DType.BOOL, sorted, episode -> episode.terminated ? 1 : 0);
      write(zip, "truncated", DType.BOOL, sorted, episode -> episode.truncated ? 1 : 0);
    }
  }

  private static void write(
      ZipOutputStream zip,
      String name,
      DType dtype,
      List<Episode> episodes,
      ToIntFunction<Episode> of)
      throws IOException {
    zip.putNextEntry(new ZipEntry(name + ".npy"));
    long[] values = episodes.stream().mapToLong(of::applyAsInt).toArray();
    NdArray array = NdArray.ofLongs(dtype, values, values.length);
    NpyArray.write(zip, array);
    zip.closeEntry();
  }

  /** Deletes what lies beside the file. */
  @Override
  public void close() throws IOException {
    for (@Nullable Spool spool : Arrays.asList(observations, actions, rewards)) {
      if (spool != null) {
        spool.channel.close();
      }
    }
  }

  /** Rows on disk, in a file that is gone when it is closed. */
  private static final class Spool {
    private final FileChannel channel;
    private final DType dtype;
    private final int[] shape;
    private final int rowBytes;
    private long rows;

    Spool(Path folder, NdArray first) throws IOException {
      Path path = Files.createTempFile(folder, ".demonstrations", ".rows");
      channel =
          FileChannel.open(
              path,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
      dtype = first.dtype();
      shape = first.shape();
      rowBytes = first.data().remaining() / first.batchSize();
    }

    /** Returns where they begin. */
    long add(NdArray batch) throws IOException {
      int[] other = batch.shape();
      other[0] = shape[0];
      if (batch.dtype() != dtype || !Arrays.equals(other, shape)) {
        throw new IOException("an episode differs from the first in its types or shapes");
      }
      var data = batch.data();
      while (data.hasRemaining()) {
        channel.write(data);
      }
      long from = rows;
      rows += batch.batchSize();
      return from;
    }

    NpyHeader header() {
      int[] all = shape.clone();
      all[0] = Math.toIntExact(rows);
      return new NpyHeader(dtype, all);
    }

    void copy(long from, int count, OutputStream out) throws IOException {
      WritableByteChannel to = Channels.newChannel(out);
      long at = from * rowBytes;
      long end = at + (long) count * rowBytes;
      while (at < end) {
        at += channel.transferTo(at, end - at, to);
      }
    }
  }
}
