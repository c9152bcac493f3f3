package io.gymbridge.data;

import io.gymbridge.core.DType;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Trajectory;
import io.jhdf.HdfFile;
import io.jhdf.api.Dataset;
import io.jhdf.api.Group;
import io.jhdf.api.Node;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Demonstrations as a Minari data set of the HDF5 format (Minari 0.5): a group {@code episode_N}
 * for each, in the order of N, with {@code observations} (T+1, …), {@code actions} (T, …), {@code
 * rewards}, {@code terminations} and {@code truncations} (T). Its {@code metadata.json}, where
 * there is one, is held against the environment. Infos are not read.
 */
final class MinariReader implements DemonstrationReader {
  private static final Pattern EPISODE = Pattern.compile("episode_([0-9]{1,9})");

  /** Deflate, the strongest of the usual filters, makes at most so much of a byte. */
  private static final long MOST_INFLATED = 1032;

  private final Path file;
  private final EpisodeConversion conversion;
  private final MinariMetadata metadata;
  private final HdfFile hdf;
  private final Iterator<Group> episodes;
  private String reading = "";

  MinariReader(Path file, EnvSpec spec) {
    this.file = file;
    try {
      this.conversion =
          new EpisodeConversion(
              spec.observationSpace(), spec.actionSpace(), "observations", "actions", "rewards");
      this.metadata = MinariMetadata.beside(file);
      metadata.check(spec);
      this.hdf = new HdfFile(file);
    } catch (IOException | RuntimeException e) {
      throw invalid(e);
    }
    try {
      TreeMap<Integer, Group> numbered = new TreeMap<>();
      for (String name : hdf.getChildren().keySet()) {
        Matcher matcher = EPISODE.matcher(name);
        if (matcher.matches() && child(hdf, name) instanceof Group group) {
          numbered.put(Integer.parseInt(matcher.group(1)), group);
        }
      }
      metadata.checkEpisodes(numbered.size());
      episodes = numbered.values().iterator();
    } catch (IOException | RuntimeException e) {
      hdf.close();
      throw invalid(e);
    }
  }

  /** The HDF5 file that a path means; null where it is no Minari data set. */
  static @Nullable Path file(Path path) {
    String name = String.valueOf(path.getFileName());
    if (Files.isRegularFile(path) && (name.endsWith(".hdf5") || name.endsWith(".h5"))) {
      return path;
    }
    return Stream.of("data/main_data.hdf5", "main_data.hdf5", "data/metadata.json", "metadata.json")
        .map(path::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .map(found -> found.resolveSibling("main_data.hdf5"))
        .orElse(null);
  }

  /** The HDF5 files of the data sets in a folder, as {@code requests-v9, requests-v10}. */
  static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(Files::isDirectory)
          .filter(inner -> !inner.getFileName().toString().startsWith("."))
          .sorted(
              Comparator.comparing((Path inner) -> inner.getFileName().toString().length())
                  .thenComparing(Comparator.naturalOrder()))
          .map(MinariReader::file)
          .filter(Objects::nonNull)
          .toList();
    }
  }

  @Override
  public @Nullable Trajectory next() {
    if (!episodes.hasNext()) {
      return null;
    }
    Group episode = episodes.next();
    reading = episode.getName() + ": ";
    try {
      NdArray rewards = array(episode, "rewards");
      int steps = rewards.batchSize();
      return conversion.convert(
          array(episode, "observations"),
          array(episode, "actions"),
          rewards,
          lastOf(episode, "terminations", steps),
          lastOf(episode, "truncations", steps));
    } catch (IOException | RuntimeException e) {
      throw invalid(e);
    }
  }

  /** Whether the last step has the flag, which none before may have. */
  private boolean lastOf(Group episode, String name, int steps) throws IOException {
    NdArray flags = array(episode, name);
    if (!Arrays.equals(flags.shape(), new int[] {steps})) {
      throw new IOException(
          "\"%s\" has the shape %s, expected [%d]"
              .formatted(name, Arrays.toString(flags.shape()), steps));
    }
    for (int step = 0; step < steps - 1; step++) {
      if (flags.getLong(step) != 0) {
        throw new IOException(
            "\"%s\" is true at step %d of %d: an episode ends with its last step"
                .formatted(name, step, steps));
      }
    }
    return flags.getLong(steps - 1) != 0;
  }

  private static Node child(Group group, String name) throws IOException {
    Node node = group.getChildren().get(name);
    if (node == null) {
      throw new IOException(
          "it lacks \"%s\"; it has %s".formatted(name, group.getChildren().keySet()));
    }
    if (node.isLink()) {
      throw new IOException("\"%s\" is a link, which is not followed".formatted(name));
    }
    return node;
  }

  private NdArray array(Group episode, String name) throws IOException {
    Node node = child(episode, name);
    if (!(node instanceof Dataset dataset)) {
      throw new IOException(
          "\"%s\" is a group, as Dict and Tuple spaces have it; the learners take plain arrays: flatten the space and record anew"
              .formatted(name));
    }
    int[] shape = dataset.getDimensions();
    long bytes = dataset.getSizeInBytes();
    if (shape.length == 0 || IntStream.of(shape).anyMatch(n -> n < 1)) {
      throw new IOException(
          "\"%s\" has the shape %s: an episode has at least one step"
              .formatted(name, Arrays.toString(shape)));
    }
    if (bytes > Integer.MAX_VALUE / 4 || bytes > MOST_INFLATED * Files.size(file)) {
      throw new IOException(
          "\"%s\" claims %d bytes, which is too much for an episode or for this file"
              .formatted(name, bytes));
    }
    if (dataset.isVariableLength() || dataset.isCompound()) {
      throw unknown(name, dataset);
    }
    Object flat = dataset.getDataFlat();
    if (flat instanceof float[] values) {
      return NdArray.of(values, shape);
    }
    if (flat instanceof double[] values) {
      return NdArray.of(values, shape);
    }
    if (flat instanceof String[] names && Stream.of(names).allMatch(MinariReader::isFlag)) {
      long[] values = Stream.of(names).mapToLong(flag -> flag.equals("TRUE") ? 1 : 0).toArray();
      return NdArray.ofLongs(DType.BOOL, values, shape);
    }
    return NdArray.of(integers(flat, name, dataset), shape);
  }

  /** h5py's booleans are an enumeration of these. */
  private static boolean isFlag(String name) {
    return name.equals("TRUE") || name.equals("FALSE");
  }

  private static long[] integers(Object flat, String name, Dataset dataset) throws IOException {
    if (flat instanceof long[] values) {
      return values;
    }
    if (flat instanceof int[] values) {
      return Arrays.stream(values).asLongStream().toArray();
    }
    if (flat instanceof short[] values) {
      return IntStream.range(0, values.length).mapToLong(i -> values[i]).toArray();
    }
    if (flat instanceof byte[] values) {
      return IntStream.range(0, values.length).mapToLong(i -> values[i]).toArray();
    }
    if (flat instanceof BigInteger[] values) {
      return Arrays.stream(values).mapToLong(BigInteger::longValueExact).toArray();
    }
    throw unknown(name, dataset);
  }

  private static IOException unknown(String name, Dataset dataset) {
    return new IOException(
        "\"%s\" holds elements of type %s, expected numbers; text and images stored as JPEG are not read"
            .formatted(name, dataset.getJavaType().getSimpleName()));
  }

  @Override
  public List<String> notes() {
    List<String> notes = new ArrayList<>(conversion.notes());
    notes.addAll(metadata.notes());
    return notes;
  }

  @Override
  public void close() {
    hdf.close();
  }

  /** A damaged file makes the HDF5 reader throw about anything. */
  private RuntimeException invalid(Exception e) {
    String why = e instanceof IOException ? "" : "it is damaged, or no HDF5 file: ";
    return DemonstrationReader.invalid(
        file, reading + why + (e.getMessage() == null ? e.toString() : e.getMessage()), e);
  }
}
