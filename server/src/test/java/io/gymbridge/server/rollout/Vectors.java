package io.gymbridge.server.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** What the Python server draws: testdata/rollouts, where make.py says what is in it. */
final class Vectors {
  private Vectors() {}

  static JsonNode read() {
    Path file =
        Path.of(System.getProperty("gymbridge.root", ".."), "testdata", "rollouts", "vectors.json");
    try {
      return new ObjectMapper().readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static double[] doubles(JsonNode digits) {
    double[] values = new double[digits.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Double.longBitsToDouble(Long.parseUnsignedLong(digits.get(i).asText(), 16));
    }
    return values;
  }

  static float[] floats(JsonNode digits) {
    float[] values = new float[digits.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(Integer.parseUnsignedInt(digits.get(i).asText(), 16));
    }
    return values;
  }

  static long[] longs(JsonNode numbers) {
    long[] values = new long[numbers.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = numbers.get(i).asLong();
    }
    return values;
  }
}
