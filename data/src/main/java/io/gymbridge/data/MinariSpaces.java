package io.gymbridge.data;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.Box;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;

/** Spaces as Minari's metadata has them, text in JSON. */
final class MinariSpaces {
  /** Infinite bounds are bare words, as Python writes and reads them. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS).build();

  private MinariSpaces() {}

  /** Whether a space has a form in Minari, and its values one in HDF5. */
  static boolean known(Space space) {
    if (space instanceof Dict dict) {
      return dict.spaces().values().stream().allMatch(MinariSpaces::known);
    }
    if (space instanceof Tuple tuple) {
      return tuple.spaces().stream().allMatch(MinariSpaces::known);
    }
    return space instanceof Box
        || space instanceof Discrete
        || space instanceof MultiDiscrete
        || space instanceof MultiBinary;
  }

  /** A space in JSON. */
  static String text(Space space) {
    try {
      return JSON.writeValueAsString(json(space));
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalStateException("a tree of JSON always has a text", e);
    }
  }

  private static ObjectNode json(Space space) {
    ObjectNode node = JSON.createObjectNode().put("type", space.getClass().getSimpleName());
    if (space instanceof Box box) {
      node.put("dtype", box.dtype().numpyName());
      node.set("shape", JSON.valueToTree(box.shape()));
      node.set("low", nested(box.low()));
      node.set("high", nested(box.high()));
    } else if (space instanceof Discrete discrete) {
      node.put("dtype", "int64").put("start", discrete.start()).put("n", discrete.n());
    } else if (space instanceof MultiDiscrete multi) {
      node.put("dtype", multi.dtype().numpyName());
      node.set("nvec", nested(multi.nvec()));
      node.set("start", nested(multi.start()));
    } else if (space instanceof MultiBinary multi) {
      int[] n = multi.dimensions();
      node.set("n", JSON.valueToTree(n.length == 1 ? n[0] : n));
    } else if (space instanceof Dict dict) {
      ObjectNode inner = node.putObject("subspaces");
      dict.spaces().forEach((name, part) -> inner.set(name, json(part)));
    } else if (space instanceof Tuple tuple) {
      ArrayNode inner = node.putArray("subspaces");
      tuple.spaces().forEach(part -> inner.add(json(part)));
    } else {
      throw new IllegalArgumentException("Minari has no " + space);
    }
    return node;
  }

  private static com.fasterxml.jackson.databind.JsonNode nested(NdArray array) {
    if (array.shape().length == 0) {
      return array.dtype().isFloating()
          ? JSON.getNodeFactory().numberNode(array.getDouble(0))
          : JSON.getNodeFactory().numberNode(array.getLong(0));
    }
    ArrayNode rows = JSON.createArrayNode();
    for (int i = 0; i < array.batchSize(); i++) {
      rows.add(nested(array.row(i)));
    }
    return rows;
  }
}
