package io.gymbridge.policies;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.Box;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Graph;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.Space;
import io.gymbridge.core.Text;
import io.gymbridge.core.Tuple;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Spaces as JSON: the one place that knows their keys, which are Gymnasium's names. */
public final class SpaceJson {
  private SpaceJson() {}

  /** One JSON object, nested as the space is. */
  public static ObjectNode write(Space space) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("type", space.getClass().getSimpleName());
    if (space instanceof Box box) {
      json.set("low", ArrayJson.write(box.low()));
      json.set("high", ArrayJson.write(box.high()));
      if (!box.equals(new Box(box.low(), box.high()))) {
        json.set("bounded_below", ArrayJson.write(box.boundedBelow()));
        json.set("bounded_above", ArrayJson.write(box.boundedAbove()));
      }
    } else if (space instanceof Discrete discrete) {
      json.put("n", discrete.n());
      json.put("start", discrete.start());
      json.put("dtype", discrete.dtype().numpyName());
    } else if (space instanceof MultiDiscrete multi) {
      json.set("nvec", ArrayJson.write(multi.nvec()));
      json.set("start", ArrayJson.write(multi.start()));
    } else if (space instanceof MultiBinary multi) {
      multi.shape().forEach(json.putArray("shape")::add);
    } else if (space instanceof Text text) {
      json.put("min_length", text.minLength());
      json.put("max_length", text.maxLength());
      json.put("charset", text.charset());
    } else if (space instanceof Tuple tuple) {
      json.set("spaces", list(tuple.spaces()));
    } else if (space instanceof Dict dict) {
      // A list, since the order of the parts matters and that of JSON's members does not.
      ArrayNode parts = json.putArray("spaces");
      dict.spaces()
          .forEach((name, part) -> parts.addObject().put("name", name).set("space", write(part)));
    } else if (space instanceof Sequence sequence) {
      json.set("feature_space", write(sequence.element()));
      json.put("stack", sequence.stacked());
    } else if (space instanceof Graph graph) {
      json.set("node_space", write(graph.node()));
      if (graph.edge() != null) {
        json.set("edge_space", write(graph.edge()));
      }
    } else if (space instanceof OneOf oneOf) {
      json.set("spaces", list(oneOf.spaces()));
    } else {
      throw new AssertionError("no JSON for " + space.getClass());
    }
    return json;
  }

  private static ArrayNode list(List<Space> spaces) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    spaces.forEach(space -> list.add(write(space)));
    return list;
  }

  /**
   * The reverse.
   *
   * @throws GymException INVALID_ARGUMENT if this is no space
   */
  public static Space read(JsonNode json) {
    String type = ManifestJson.member(json, "type").asText();
    return switch (type) {
      case "Box" -> box(json);
      case "Discrete" ->
          new Discrete(
              ManifestJson.member(json, "n").asLong(),
              ManifestJson.member(json, "start").asLong(),
              ArrayJson.dtype(ManifestJson.member(json, "dtype")));
      case "MultiDiscrete" ->
          new MultiDiscrete(
              ArrayJson.read(ManifestJson.member(json, "nvec")),
              ArrayJson.read(ManifestJson.member(json, "start")));
      case "MultiBinary" -> MultiBinary.of(ArrayJson.integers(ManifestJson.member(json, "shape")));
      case "Text" ->
          new Text(
              ManifestJson.member(json, "min_length").asInt(),
              ManifestJson.member(json, "max_length").asInt(),
              ManifestJson.member(json, "charset").asText());
      case "Tuple" -> new Tuple(list(json));
      case "Dict" -> dict(json);
      case "Sequence" ->
          new Sequence(
              read(ManifestJson.member(json, "feature_space")),
              ManifestJson.member(json, "stack").asBoolean());
      case "Graph" ->
          new Graph(
              read(ManifestJson.member(json, "node_space")),
              json.has("edge_space") ? read(json.get("edge_space")) : null);
      case "OneOf" -> new OneOf(list(json));
      default ->
          throw new GymException(
              Kind.INVALID_ARGUMENT, "manifest.json has a space of unknown type \"" + type + "\"");
    };
  }

  private static Box box(JsonNode json) {
    Box box =
        new Box(
            ArrayJson.read(ManifestJson.member(json, "low")),
            ArrayJson.read(ManifestJson.member(json, "high")));
    return json.has("bounded_below")
        ? new Box(
            box.low(),
            box.high(),
            ArrayJson.read(json.get("bounded_below")),
            ArrayJson.read(ManifestJson.member(json, "bounded_above")))
        : box;
  }

  private static List<Space> list(JsonNode json) {
    List<Space> spaces = new ArrayList<>();
    ManifestJson.member(json, "spaces").forEach(space -> spaces.add(read(space)));
    return spaces;
  }

  private static Dict dict(JsonNode json) {
    Map<String, Space> spaces = new LinkedHashMap<>();
    for (JsonNode part : ManifestJson.member(json, "spaces")) {
      spaces.put(
          ManifestJson.member(part, "name").asText(), read(ManifestJson.member(part, "space")));
    }
    return new Dict(spaces);
  }
}
