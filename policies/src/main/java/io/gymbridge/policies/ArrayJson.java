package io.gymbridge.policies;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.math.BigInteger;
import java.util.Locale;

/** Arrays as JSON: type, shape and elements. */
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
