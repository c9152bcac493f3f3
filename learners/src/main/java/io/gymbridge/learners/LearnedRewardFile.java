package io.gymbridge.learners;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.Box;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.WholeFile;
import io.gymbridge.data.NpyArray;
import io.gymbridge.learners.nn.Activation;
import io.gymbridge.learners.nn.Mlp;
import io.gymbridge.policies.SpaceJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A {@link LearnedReward} as a zip: {@code reward.json} says what it is, and of what sizes; {@code
 * mean.npy} and {@code std.npy} normalise observations, {@code action_center.npy} and {@code
 * action_scale.npy} continuous actions; {@code network.npy} and, of AIRL, {@code potential.npy} are
 * the networks' parameters: layer after layer, a layer's weights (all of a unit's together), then
 * its biases.
 *
 * <p>What is read is not trusted: names and sizes are checked before memory is taken.
 */
final class LearnedRewardFile {
  private static final int FORMAT = 1;
  private static final int LIMIT = 64 << 20;
  private static final String JSON = "reward.json";
  private static final Set<String> NAMES =
      Set.of(
          JSON,
          "mean.npy",
          "std.npy",
          "action_center.npy",
          "action_scale.npy",
          "network.npy",
          "potential.npy");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private LearnedRewardFile() {}

  static void write(LearnedReward reward, Path file) throws IOException {
    WholeFile.write(file, out -> write(reward, out));
  }

  private static void write(LearnedReward reward, OutputStream out) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      put(zip, JSON, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(describe(reward)));
      TransitionEncoder encoder = reward.encoder();
      put(zip, "mean.npy", encoder.mean());
      put(zip, "std.npy", encoder.std());
      if (encoder.head() instanceof GaussianHead head) {
        put(zip, "action_center.npy", head.center());
        put(zip, "action_scale.npy", head.scale());
      }
      put(zip, "network.npy", reward.network());
      Mlp potential = reward.potential();
      if (potential != null) {
        put(zip, "potential.npy", potential);
      }
    }
  }

  private static ObjectNode describe(LearnedReward reward) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("format", FORMAT);
    json.put("form", reward.form().name());
    json.put("gamma", reward.gamma());
    json.put("absorbing", reward.encoder().absorbing());
    json.put("state_only", reward.networkSeesStateOnly());
    json.set("observation_space", SpaceJson.write(reward.observationSpace()));
    json.set("action_space", SpaceJson.write(reward.actionSpace()));
    describe(json, "network", reward.network());
    Mlp potential = reward.potential();
    if (potential != null) {
      describe(json, "potential", potential);
    }
    return json;
  }

  private static void describe(ObjectNode json, String name, Mlp network) {
    ObjectNode part = json.putObject(name);
    network.shape().hidden().forEach(part.putArray("hidden")::add);
    part.put("activation", network.shape().activation().name());
  }

  private static void put(ZipOutputStream zip, String name, double[] values) throws IOException {
    put(zip, name, NdArray.of(values, values.length));
  }

  private static void put(ZipOutputStream zip, String name, Mlp network) throws IOException {
    int from = network.offset();
    float[] values =
        Arrays.copyOfRange(network.parameters(), from, from + network.shape().parameters());
    put(zip, name, NdArray.of(values, values.length));
  }

  private static void put(ZipOutputStream zip, String name, NdArray array) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    NpyArray.write(bytes, array);
    put(zip, name, bytes.toByteArray());
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setTime(315_532_800_000L + 86_400_000L); // a fixed time: the same reward, the same file
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  static LearnedReward read(Path file) {
    try {
      if (Files.size(file) == 0) {
        throw new IOException("it is empty");
      }
      try (ZipFile zip = new ZipFile(file.toFile())) {
        checkEntries(zip);
        return reward(zip);
      }
    } catch (NoSuchFileException e) {
      throw new GymException(
          Kind.NOT_FOUND,
          "no learned reward at %s: train gail|airl --reward-out writes one".formatted(file),
          null,
          e);
    } catch (ZipException e) {
      throw invalid(file, "it is cut short, or no zip file (" + e.getMessage() + ")", e);
    } catch (IOException | IllegalArgumentException e) {
      throw invalid(file, String.valueOf(e.getMessage()), e);
    } catch (GymException e) {
      throw invalid(file, String.valueOf(e.getMessage()), e);
    }
  }

  private static void checkEntries(ZipFile zip) throws IOException {
    int entries = 0;
    for (ZipEntry entry : Collections.list(zip.entries())) {
      if (!NAMES.contains(entry.getName()) || ++entries > NAMES.size()) {
        throw new IOException("unexpected entry \"" + entry.getName() + "\"");
      }
      if (entry.getSize() < 0 || entry.getSize() > LIMIT) {
        throw new IOException(
            "%s says it has %d bytes, at most %d are allowed"
                .formatted(entry.getName(), entry.getSize(), LIMIT));
      }
    }
  }

  private static LearnedReward reward(ZipFile zip) throws IOException {
    JsonNode json;
    try (InputStream in = zip.getInputStream(entry(zip, JSON))) {
      json = MAPPER.readTree(in.readNBytes(LIMIT));
    }
    int format = json.path("format").asInt();
    if (format != FORMAT) {
      throw new IOException("it is of format %d, this version reads %d".formatted(format, FORMAT));
    }
    LearnedReward.Form form = LearnedReward.Form.valueOf(json.path("form").asText());
    double gamma = json.path("gamma").asDouble(-1);
    boolean absorbing = json.path("absorbing").asBoolean();
    if (!(gamma >= 0 && (absorbing ? gamma < 1 : gamma <= 1))) {
      throw new IOException("its gamma is " + gamma + ", expected one in [0, 1)");
    }
    ObservationEncoder observations =
        new ObservationEncoder(SpaceJson.read(json.path("observation_space")));
    ActionHead head = head(zip, SpaceJson.read(json.path("action_space")));
    int width = observations.width();
    double[] std = numbers(zip, "std.npy", width).toDoubles();
    if (Arrays.stream(std).anyMatch(deviation -> deviation <= 0)) {
      throw new IOException("std.npy holds a deviation that is not positive");
    }
    TransitionEncoder encoder =
        TransitionEncoder.frozen(
            observations, head, absorbing, numbers(zip, "mean.npy", width).toDoubles(), std);
    boolean stateOnly = json.path("state_only").asBoolean();
    return new LearnedReward(
        form,
        encoder,
        gamma,
        stateOnly,
        network(
            zip, json, "network", stateOnly ? encoder.stateWidth() : encoder.stateActionWidth()),
        form.isAirl() ? network(zip, json, "potential", encoder.stateWidth()) : null);
  }

  private static ActionHead head(ZipFile zip, Space space) throws IOException {
    ActionHead head = ActionHead.of(space);
    if (head instanceof GaussianHead gaussian && space instanceof Box box) {
      double[] ones = new double[box.flatSize()];
      Arrays.fill(ones, 1);
      gaussian.restore(
          numbers(zip, "action_center.npy", ones.length).toDoubles(),
          numbers(zip, "action_scale.npy", ones.length).toDoubles(),
          ones);
    }
    return head;
  }

  private static Mlp network(ZipFile zip, JsonNode json, String name, int inputs)
      throws IOException {
    JsonNode part = json.path(name);
    List<Integer> hidden = new ArrayList<>();
    long count = 0;
    long before = inputs;
    for (JsonNode units : part.path("hidden")) {
      hidden.add(units.asInt());
      count += (before + 1) * units.asInt();
      before = units.asInt();
      if (before < 1 || count > LIMIT) {
        throw new IOException(name + " has layers of " + part.path("hidden"));
      }
    }
    NdArray parameters = numbers(zip, name + ".npy", count + before + 1);
    Mlp network =
        new Mlp(
            new Mlp.Shape(inputs, hidden, 1, Activation.valueOf(part.path("activation").asText())));
    System.arraycopy(parameters.toFloats(), 0, network.parameters(), 0, parameters.size());
    return network;
  }

  /** So many finite numbers. */
  private static NdArray numbers(ZipFile zip, String name, long count) throws IOException {
    ZipEntry entry = entry(zip, name);
    NdArray array;
    try (InputStream in = zip.getInputStream(entry)) {
      array = NpyArray.read(in, entry.getSize());
    } catch (IOException e) {
      throw new IOException(name + ": " + e.getMessage(), e);
    }
    if (array.shape().length != 1 || array.size() != count || !array.dtype().isFloating()) {
      throw new IOException("%s is %s, expected %d numbers".formatted(name, array, count));
    }
    if (array.firstNotFinite() >= 0) {
      throw new IOException(name + " holds a number that is not finite");
    }
    return array;
  }

  private static ZipEntry entry(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      throw new IOException("it lacks " + name);
    }
    return entry;
  }

  private static GymException invalid(Path file, String why, @Nullable Throwable cause) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "%s is no usable learned reward: %s".formatted(file, why),
        null,
        cause);
  }
}
