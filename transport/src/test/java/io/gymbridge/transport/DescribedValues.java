package io.gymbridge.transport;

import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Graph;
import io.gymbridge.core.GraphValue;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.OneOfValue;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.SequenceValue;
import io.gymbridge.core.Space;
import io.gymbridge.core.Text;
import io.gymbridge.core.TextValue;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The plain terms in which the golden files' JSON describes values. */
final class DescribedValues {
  private DescribedValues() {}

  static Value read(Space space, JsonNode json) {
    if (space instanceof Box box) {
      return array(json, box.dtype(), box.shape());
    }
    if (space instanceof Discrete discrete) {
      return array(json, discrete.dtype(), new int[0]);
    }
    if (space instanceof MultiDiscrete multi) {
      return array(json, multi.dtype(), multi.shape());
    }
    if (space instanceof MultiBinary binary) {
      return array(json, DType.INT8, binary.dimensions());
    }
    if (space instanceof Text) {
      return new TextValue(json.asText());
    }
    if (space instanceof Tuple tuple) {
      List<Value> parts = new ArrayList<>();
      for (int i = 0; i < tuple.spaces().size(); i++) {
        parts.add(read(tuple.spaces().get(i), json.get(i)));
      }
      return new TupleValue(parts);
    }
    if (space instanceof Dict dict) {
      Map<String, Value> parts = new LinkedHashMap<>();
      dict.spaces().forEach((name, part) -> parts.put(name, read(part, json.get(name))));
      return new DictValue(parts);
    }
    if (space instanceof Sequence sequence) {
      return new SequenceValue(batch(sequence.element(), json));
    }
    if (space instanceof OneOf oneOf) {
      int choice = json.get("choice").asInt();
      return new OneOfValue(choice, read(oneOf.spaces().get(choice), json.get("value")));
    }
    return graph((Graph) space, json);
  }

  private static GraphValue graph(Graph space, JsonNode json) {
    JsonNode links = json.get("edge_links");
    return new GraphValue(
        batch(space.node(), json.get("nodes")),
        edges(space.edge(), json.get("edges")),
        links.isNull() ? null : array(links, DType.INT32, new int[] {links.size(), 2}));
  }

  private static @Nullable Value edges(@Nullable Space space, JsonNode json) {
    return space == null || json.isNull() ? null : batch(space, json);
  }

  private static Value batch(Space space, JsonNode json) {
    List<Value> values = new ArrayList<>();
    json.forEach(value -> values.add(read(space, value)));
    return space.stack(values);
  }

  static NdArray array(JsonNode json, DType dtype, int[] shape) {
    List<JsonNode> leaves = new ArrayList<>();
    collect(json, leaves);
    return dtype.isFloating()
        ? NdArray.ofDoubles(dtype, leaves.stream().mapToDouble(JsonNode::asDouble).toArray(), shape)
        : NdArray.ofLongs(
            dtype, leaves.stream().mapToLong(DescribedValues::integer).toArray(), shape);
  }

  private static long integer(JsonNode leaf) {
    return leaf.isBoolean() ? (leaf.asBoolean() ? 1 : 0) : leaf.bigIntegerValue().longValue();
  }

  private static void collect(JsonNode node, List<JsonNode> into) {
    if (node.isContainerNode()) {
      node.forEach(child -> collect(child, into));
    } else {
      into.add(node);
    }
  }
}
