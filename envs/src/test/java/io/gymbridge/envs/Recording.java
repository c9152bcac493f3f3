package io.gymbridge.envs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Reads what {@code src/test/python/record.py} has written. */
final class Recording {
  private Recording() {}

  /** The lines of a resource; whether it is compressed, its name says. */
  static List<String> lines(String name) throws IOException {
    try (InputStream stream =
            Objects.requireNonNull(Recording.class.getResourceAsStream(name), name);
        InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(stream) : stream;
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    }
  }

  /** Comma-separated numbers. */
  static double[] numbers(String cell) {
    return Arrays.stream(cell.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
  }

  /** An environment's id and keyword arguments. */
  record Variant(String id, Map<String, Object> kwargs) {

    /** From {@code id?name=value&name=value}. */
    static Variant parse(String text) {
      String[] halves = text.split("\\?", 2);
      Map<String, Object> kwargs = new LinkedHashMap<>();
      if (halves.length == 2) {
        for (String pair : halves[1].split("&", -1)) {
          kwargs.put(pair.split("=", 2)[0], value(pair.split("=", 2)[1]));
        }
      }
      return new Variant(halves[0], kwargs);
    }

    private static Object value(String text) {
      if (text.contains("/")) {
        return Arrays.stream(text.split("/", -1)).map(Variant::value).toList();
      }
      if (text.equals("true") || text.equals("false")) {
        return text.equals("true");
      }
      return text.matches("-?[0-9.]+") ? (Object) Double.valueOf(text) : text;
    }
  }
}
