package io.gymbridge.policies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The manifest as JSON: the one place that knows its keys, but for those of spaces and arrays. */
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
    json.set("observation_space", SpaceJson.write(manifest.observationSpace()));
    json.set("action_space", SpaceJson.write(manifest.actionSpace()));
    json.put("stochastic", manifest.stochastic());
    json.set("network", MAPPER.valueToTree(manifest.network()));
    json.set("provenance", MAPPER.valueToTree(manifest.provenance()));
    if (manifest.signature() != null) {
      json.set("signature", SignatureJson.write(manifest.signature()));
    }
    ObjectNode golden = json.putObject("golden");
    golden.set("observations", ArrayJson.writeValue(manifest.goldenObservations()));
    golden.set("actions", ArrayJson.write(manifest.goldenActions()));
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
      Space observationSpace = SpaceJson.read(member(json, "observation_space"));
      return new BundleManifest(
          member(json, "name").asText(),
          member(json, "algorithm").asText(),
          member(json, "environment").asText(),
          observationSpace,
          SpaceJson.read(member(json, "action_space")),
          member(json, "stochastic").asBoolean(),
          MAPPER.convertValue(member(json, "network"), MAP),
          MAPPER.convertValue(member(json, "provenance"), MAP),
          ArrayJson.readValue(observationSpace, member(golden, "observations")),
          ArrayJson.read(member(golden, "actions")),
          json.has("signature") ? SignatureJson.read(json.get("signature")) : null);
    } catch (GymException e) {
      throw e;
    } catch (RuntimeException e) {
      // Whatever the spaces and arrays find wrong with what they are made of.
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "manifest.json is not as it should be: " + e.getMessage(),
          null,
          e);
    }
  }

  static JsonNode member(JsonNode json, String name) {
    JsonNode member = json.get(name);
    if (member == null) {
      throw new GymException(Kind.INVALID_ARGUMENT, "manifest.json lacks \"" + name + "\"");
    }
    return member;
  }
}
