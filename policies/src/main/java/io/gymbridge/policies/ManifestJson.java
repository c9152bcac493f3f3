package io.gymbridge.policies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The manifest as JSON: the one place that knows its keys. */
final class ManifestJson {
  static final int FORMAT = 1;
  // Sorted, since the order of Java's immutable maps is another in every process.
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};

  private ManifestJson() {}

  static byte[] write(BundleManifest manifest, Map<String, String> digests) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("format", FORMAT);
    json.put("name", manifest.name());
    json.put("algorithm", manifest.algorithm());
    json.put("environment", manifest.environment());
    json.set("observation_space", space(manifest.observationSpace()));
    json.set("action_space", space(manifest.actionSpace()));
    json.put("stochastic", manifest.stochastic());
    json.set("network", MAPPER.valueToTree(manifest.network()));
    json.set("provenance", MAPPER.valueToTree(manifest.provenance()));
    ObjectNode golden = json.putObject("golden");
    golden.set("observations", array(manifest.goldenObservations()));
    golden.set("actions", array(manifest.goldenActions()));
    json.set("sha256", MAPPER.valueToTree(digests));
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "the manifest holds what JSON cannot: " + e.getMessage(), null, e);
    }
  }

  static JsonNode parse(byte[] bytes) {
    JsonNode json;
    try {
      json = MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "manifest.json is not JSON: " + e.getMessage(), null, e);
    }
    int format = member(json, "format").asInt();
    if (format != FORMAT) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the bundle is of format %d, this version reads %d".formatted(format, FORMAT));
    }
    return json;
  }

  static Map<String, String> digests(JsonNode json) {
    Map<String, String> digests = new LinkedHashMap<>();
    member(json, "sha256")
        .properties()
        .forEach(e -> digests.put(e.getKey(), e.getValue().asText()));
    return digests;
  }

  static BundleManifest manifest(JsonNode json) {
    try {
      JsonNode golden = member(json, "golden");
      return new BundleManifest(
          member(json, "name").asText(),
          member(json, "algorithm").asText(),
          member(json, "environment").asText(),
          space(member(json, "observation_space")),
          space(member(json, "action_space")),
          member(json, "stochastic").asBoolean(),
          MAPPER.convertValue(member(json, "network"), MAP),
          MAPPER.convertValue(member(json, "provenance"), MAP),
          array(member(golden, "observations")),
          array(member(golden, "actions")));
    } catch (IllegalArgumentException | ArithmeticException | NullPointerException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "manifest.json is not as it should be: " + e.getMessage(),
          null,
          e);
    }
  }

  private static JsonNode member(JsonNode json, String name) {
    JsonNode member = json.get(name);
    if (member == null) {
      throw new GymException(Kind.INVALID_ARGUMENT, "manifest.json lacks \"" + name + "\"");
    }
    return member;
  }

  private static ObjectNode space(Space space) {
    ObjectNode json = MAPPER.createObjectNode();
    if (space instanceof Box box) {
      json.put("type", "Box");
      json.set("low", array(box.low()));
      json.set("high", array(box.high()));
    } else if (space instanceof Discrete discrete) {
      json.put("type", "Discrete");
      json.put("n", discrete.n());
      json.put("start", discrete.start());
      json.put("dtype", discrete.dtype().numpyName());
    } else if (space instanceof MultiDiscrete multi) {
      json.put("type", "MultiDiscrete");
      json.set("nvec", array(multi.nvec()));
      json.set("start", array(multi.start()));
    } else if (space instanceof MultiBinary multi) {
      json.put("type", "MultiBinary");
      ArrayNode shape = json.putArray("shape");
      multi.shape().forEach(shape::add);
    } else if (space instanceof Tuple || space instanceof Dict) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "a bundle wants spaces of plain arrays, got " + space);
    }
    return json;
  }

  private static Space space(JsonNode json) {
    String type = member(json, "type").asText();
    return switch (type) {
      case "Box" -> new Box(array(member(json, "low")), array(member(json, "high")));
      case "Discrete" ->
          new Discrete(
              member(json, "n").asLong(),
              member(json, "start").asLong(),
              dtype(member(json, "dtype")));
      case "MultiDiscrete" ->
          new MultiDiscrete(array(member(json, "nvec")), array(member(json, "start")));
      case "MultiBinary" -> MultiBinary.of(integers(member(json, "shape")));
      default ->
          throw new GymException(
              Kind.INVALID_ARGUMENT, "manifest.json has a space of unknown type \"" + type + "\"");
    };
  }

  private static ObjectNode array(NdArray array) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("dtype", array.dtype().numpyName());
    ArrayNode shape = json.putArray("shape");
    for (int dimension : array.shape()) {
      shape.add(dimension);
    }
    ArrayNode data = json.putArray("data");
    for (int i = 0; i < array.size(); i++) {
      double value = array.getDouble(i);
      if (!array.dtype().isFloating()) {
        data.add(array.getLong(i));
      } else if (Double.isInfinite(value)) {
        data.add(value > 0 ? "inf" : "-inf"); // JSON has no infinities
      } else if (array.dtype() == DType.FLOAT32) {
        data.add((float) value);
      } else {
        data.add(value);
      }
    }
    return json;
  }

  private static NdArray array(JsonNode json) {
    DType dtype = dtype(member(json, "dtype"));
    int[] shape = integers(member(json, "shape"));
    JsonNode data = member(json, "data");
    if (!dtype.isFloating()) {
      long[] values = new long[data.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = data.get(i).asLong();
      }
      return NdArray.ofLongs(dtype, values, shape);
    }
    double[] values = new double[data.size()];
    for (int i = 0; i < values.length; i++) {
      String text = data.get(i).asText();
      values[i] =
          switch (text) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
          };
    }
    return NdArray.ofDoubles(dtype, values, shape);
  }

  private static int[] integers(JsonNode json) {
    int[] values = new int[json.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = json.get(i).asInt();
    }
    return values;
  }

  private static DType dtype(JsonNode json) {
    return DType.valueOf(json.asText().toUpperCase(Locale.ROOT));
  }
}
