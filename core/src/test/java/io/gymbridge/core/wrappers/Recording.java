package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** What {@code record_wrappers.py} wrote. */
public final class Recording {
  private Recording() {}

  /** A tag and its numbers. */
  public record Line(String tag, double[] values) {
    /** The numbers from one on. */
    public double[] from(int first) {
      return Arrays.copyOfRange(values, first, values.length);
    }
  }

  /** All lines of a file, without its ".csv". */
  public static List<Line> read(String name) {
    try (InputStream stream = Recording.class.getResourceAsStream(name + ".csv")) {
      assertNotNull(stream, name);
      String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      return text.lines().map(Recording::parse).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Line parse(String text) {
    String[] fields = text.split(",", -1);
    double[] values = Arrays.stream(fields).skip(1).mapToDouble(Recording::number).toArray();
    return new Line(fields[0], values);
  }

  private static double number(String text) {
    return switch (text) {
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  /** Compares numbers to a millionth of them, or of 1 where they are smaller. */
  public static void assertClose(double[] expected, double[] actual, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      double tolerance = 1e-6 * Math.max(1, Math.abs(expected[i]));
      assertEquals(expected[i], actual[i], tolerance, what + ", component " + i);
    }
  }
}
