package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  /** What is printed about a task of 1000 steps before anything was done. */
  private static String goingOn(long done) {
    PrintStream before = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setErr(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      new ProgressLine("training", 1_000, done).close();
    } finally {
      System.setErr(before);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void what_was_done_before_is_no_speed_from_which_an_eta_follows() {
    String line = goingOn(900);
    assertTrue(line.contains(" 90% "), line);
    // The time that is left is not known yet, which it would be had 900 steps been made just now.
    assertTrue(line.matches("(?s).*900/1000 \\([0-9:]+ / \\?\\) (\\?|\\.?0)/s.*"), line);
  }
}
