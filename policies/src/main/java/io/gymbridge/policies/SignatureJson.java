package io.gymbridge.policies;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Signatures as JSON: the one place that knows their keys. */
final class SignatureJson {
  private SignatureJson() {}

  static ObjectNode write(Signature signature) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ObjectNode inputs = json.putObject("inputs");
    new TreeMap<>(signature.inputs()).forEach(inputs::put);
    ObjectNode outputs = json.putObject("outputs");
    new TreeMap<>(signature.outputs()).forEach((role, name) -> outputs.put(role.jsonName(), name));
    if (!signature.states().isEmpty()) {
      ArrayNode states = json.putArray("states");
      for (Signature.State state : signature.states()) {
        states
            .addObject()
            .put("input", state.input())
            .put("output", state.output())
            .put("batch_axis", state.batchAxis());
      }
    }
    if (signature.episodeStarts() != null) {
      json.put("episode_starts", signature.episodeStarts());
    }
    json.put("rescale", signature.rescale());
    return json;
  }

  static Signature read(JsonNode json) {
    Map<String, String> inputs = new LinkedHashMap<>();
    ManifestJson.member(json, "inputs")
        .properties()
        .forEach(entry -> inputs.put(entry.getKey(), entry.getValue().asText()));
    Map<Role, String> outputs = new EnumMap<>(Role.class);
    ManifestJson.member(json, "outputs")
        .properties()
        .forEach(entry -> outputs.put(Role.of(entry.getKey()), entry.getValue().asText()));
    List<Signature.State> states = new ArrayList<>();
    for (JsonNode state : json.path("states")) {
      states.add(
          new Signature.State(
              ManifestJson.member(state, "input").asText(),
              ManifestJson.member(state, "output").asText(),
              ManifestJson.member(state, "batch_axis").asInt()));
    }
    return new Signature(
        inputs,
        outputs,
        states,
        json.has("episode_starts") ? json.get("episode_starts").asText() : null,
        json.path("rescale").asBoolean());
  }
}
