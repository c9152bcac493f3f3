package io.gymbridge.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.gymbridge.core.Box;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * What a Minari data set says of itself in {@code metadata.json}; what it does not say is not
 * checked. Not held against the environment are types, which are converted, and the bounds of
 * observations, which differ between versions of an environment.
 */
final class MinariMetadata {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();
  private static final long MAX_BYTES = 16 << 20;

  private final JsonNode fields;
  private final List<String> notes = new ArrayList<>();

  private MinariMetadata(JsonNode fields) {
    this.fields = fields;
  }

  /**
   * Reads the file beside the data; all is missing where there is none.
   *
   * @throws IOException if it is no JSON, or of a data set that is not HDF5
   */
  static MinariMetadata beside(Path data) throws IOException {
    Path file = data.resolveSibling("metadata.json");
    if (!Files.isRegularFile(file)) {
      return new MinariMetadata(MissingNode.getInstance());
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException("its metadata.json has more than %d bytes".formatted(MAX_BYTES));
    }
    MinariMetadata metadata = new MinariMetadata(parse("metadata.json", Files.readString(file)));
    String format = metadata.fields.path("data_format").asText("hdf5");
    if (!format.equals("hdf5")) {
      throw new IOException(
          "its data_format is \"%s\", only \"hdf5\" is read: create it anew in Minari with data_format=\"hdf5\""
              .formatted(format));
    }
    if (!Files.isRegularFile(data)) {
      throw new IOException("the data set lacks this file: download it anew");
    }
    return metadata;
  }

  private static JsonNode parse(String name, String text) throws IOException {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IOException("its %s is no JSON: %s".formatted(name, e.getOriginalMessage()), e);
    }
  }

  /** JSON inside a string, as Minari keeps spaces and the environment's spec. */
  private JsonNode inner(String name) throws IOException {
    JsonNode node = fields.path(name);
    return node.isTextual() ? parse(name, node.asText()) : MissingNode.getInstance();
  }

  /**
   * Compares the spaces with those of an environment.
   *
   * @throws IOException if they differ
   */
  void check(EnvSpec spec) throws IOException {
    check("observation_space", spec.observationSpace(), false);
    check("action_space", spec.actionSpace(), true);
    String id = inner("env_spec").path("id").asText(spec.id());
    if (!id.equals(spec.id())) {
      notes.add("the demonstrations were recorded on %s, not on %s".formatted(id, spec.id()));
    }
  }

  private void check(String name, Space space, boolean bounds) throws IOException {
    JsonNode theirs = inner(name);
    if (theirs.isMissingNode()) {
      return;
    }
    boolean same =
        theirs.path("type").asText().equals(space.getClass().getSimpleName())
            && sameContent(theirs, space, bounds);
    if (!same) {
      throw new IOException(
          "its %s is %s, but that of the environment is %s: it was recorded on another environment"
              .formatted(name, theirs, space));
    }
  }

  private static boolean sameContent(JsonNode theirs, Space space, boolean bounds) {
    if (space instanceof Box box) {
      return equal(theirs.path("shape"), box.shape())
          && (!bounds
              || (near(theirs.path("low"), box.low()) && near(theirs.path("high"), box.high())));
    }
    if (space instanceof Discrete discrete) {
      return theirs.path("n").asLong() == discrete.n()
          && theirs.path("start").asLong(0) == discrete.start();
    }
    if (space instanceof MultiDiscrete multi) {
      return near(theirs.path("nvec"), multi.nvec())
          && (theirs.path("start").isMissingNode() || near(theirs.path("start"), multi.start()));
    }
    return !(space instanceof MultiBinary binary) || equal(theirs.path("n"), binary.dimensions());
  }

  private static boolean equal(JsonNode theirs, int[] ours) {
    double[] given = numbers(theirs);
    return Arrays.equals(given, Arrays.stream(ours).asDoubleStream().toArray());
  }

  private static boolean near(JsonNode theirs, NdArray ours) {
    double[] given = numbers(theirs);
    boolean near = given.length == ours.size();
    for (int i = 0; i < given.length && near; i++) {
      double expected = ours.getDouble(i);
      near = given[i] == expected || Math.abs(given[i] - expected) <= 1e-6 * Math.abs(expected);
    }
    return near;
  }

  /** All numbers of a number or of lists in lists, row-major; infinite ones are texts or not. */
  private static double[] numbers(JsonNode node) {
    if (!node.isArray()) {
      return node.isMissingNode() ? new double[0] : new double[] {number(node)};
    }
    return StreamSupport.stream(node.spliterator(), false)
        .flatMapToDouble(inner -> Arrays.stream(numbers(inner)))
        .toArray();
  }

  private static double number(JsonNode node) {
    return node.isTextual()
        ? Double.parseDouble(node.asText().replaceFirst("(?i)inf(inity)?$", "Infinity"))
        : node.asDouble();
  }

  /**
   * Compares the number of episodes with what is there.
   *
   * @throws IOException if some are missing, or there are none at all
   */
  void checkEpisodes(int found) throws IOException {
    int claimed = fields.path("total_episodes").asInt(found);
    if (found == 0 || found != claimed) {
      throw new IOException(
          "it has %d episodes, expected %s: download it anew"
              .formatted(found, found == claimed ? "at least one" : String.valueOf(claimed)));
    }
  }

  /** What the user should know of. */
  List<String> notes() {
    return notes;
  }
}
