package io.gymbridge.policies;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Arrays as JSON: type, shape and elements; and batches of values, which are nested arrays. */
final class ArrayJson {
  private ArrayJson() {}

  static ObjectNode write(NdArray array) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("dtype", array.dtype().numpyName());
    ArrayNode shape = json.putArray("shape");
    for (int dimension : array.shape()) {
      shape.add(dimension);
    }
    ArrayNode data = json.putArray("data");
    for (int i = 0; i < array.size(); i++) {
      double value = array.getDouble(i);
      if (array.dtype() == DType.UINT64) {
        data.add(new BigInteger(Long.toUnsignedString(array.getLong(i))));
      } else if (!array.dtype().isFloating()) {
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

  static NdArray read(JsonNode json) {
    DType dtype = dtype(ManifestJson.member(json, "dtype"));
    int[] shape = integers(ManifestJson.member(json, "shape"));
    JsonNode data = ManifestJson.member(json, "data");
    if (!dtype.isFloating()) {
      long[] values = new long[data.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = data.get(i).bigIntegerValue().longValue();
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

  /** A batch of values: an array, a Dict's as an object, a Tuple's as a list. */
  static JsonNode writeValue(Value value) {
    if (value instanceof NdArray array) {
      return write(array);
    }
    if (value instanceof DictValue dict) {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      dict.parts().forEach((name, part) -> json.set(name, writeValue(part)));
      return json;
    }
    if (value instanceof TupleValue tuple) {
      ArrayNode json = JsonNodeFactory.instance.arrayNode();
      tuple.parts().forEach(part -> json.add(writeValue(part)));
      return json;
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT, "a manifest has no place for a " + value.getClass().getSimpleName());
  }

  /** The reverse, for a space. */
  static Value readValue(Space space, JsonNode json) {
    if (space instanceof Dict dict) {
      Map<String, Value> parts = new LinkedHashMap<>();
      dict.spaces()
          .forEach(
              (name, part) -> parts.put(name, readValue(part, ManifestJson.member(json, name))));
      return new DictValue(parts);
    }
    if (space instanceof Tuple tuple) {
      if (json.size() != tuple.spaces().size()) {
        throw new IllegalArgumentException("%d golden parts for %s".formatted(json.size(), tuple));
      }
      List<Value> parts = new ArrayList<>();
      for (int i = 0; i < tuple.spaces().size(); i++) {
        parts.add(readValue(tuple.spaces().get(i), json.path(i)));
      }
      return new TupleValue(parts);
    }
    return read(json);
  }

  static int[] integers(JsonNode json) {
    int[] values = new int[json.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = json.get(i).asInt();
    }
    return values;
  }

  static DType dtype(JsonNode json) {
    return DType.valueOf(json.asText().toUpperCase(Locale.ROOT));
  }
}
