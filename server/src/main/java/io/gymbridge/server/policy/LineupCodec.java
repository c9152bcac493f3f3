package io.gymbridge.server.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** {@link Lineup}s as messages and as JSON. */
final class LineupCodec {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final Set<String> KEYS = Set.of("latest", "versions", "labels", "canary_share");

  private LineupCodec() {}

  static Lineup decode(io.gymbridge.proto.v1.Lineup message) {
    return new Lineup(
        message.getLatest(),
        message.getVersionsList(),
        message.getLabelsMap(),
        message.getCanaryShare());
  }

  static byte[] toJson(Lineup lineup) {
    ObjectNode json = MAPPER.createObjectNode();
    if (lineup.latest() > 0) {
      json.put("latest", lineup.latest());
    } else {
      lineup.versions().forEach(json.putArray("versions")::add);
    }
    json.set("labels", MAPPER.valueToTree(lineup.labels()));
    json.put("canary_share", lineup.canaryShare());
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The reverse; what is not there is as in {@link Lineup#NEWEST}.
   *
   * @throws GymException INVALID_ARGUMENT for anything else
   */
  static Lineup fromJson(byte[] bytes) {
    JsonNode json;
    try {
      json = MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw new GymException(Kind.INVALID_ARGUMENT, "not JSON: " + e.getMessage(), null, e);
    }
    if (!json.isObject()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "expected an object with some of the keys " + KEYS);
    }
    json.fieldNames()
        .forEachRemaining(
            key -> {
              if (!KEYS.contains(key)) {
                throw new GymException(
                    Kind.INVALID_ARGUMENT, "got the key \"" + key + "\", expected some of " + KEYS);
              }
            });
    List<String> versions = new ArrayList<>();
    json.path("versions").forEach(version -> versions.add(version.asText()));
    Map<String, String> labels = new TreeMap<>();
    json.path("labels").properties().forEach(e -> labels.put(e.getKey(), e.getValue().asText()));
    int latest = json.path("latest").asInt(versions.isEmpty() ? 1 : 0);
    return new Lineup(latest, versions, labels, json.path("canary_share").asDouble(0));
  }
}
