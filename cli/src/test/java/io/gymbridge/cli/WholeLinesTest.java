package io.gymbridge.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class WholeLinesTest {
  @Test
  void lines_are_passed_on_when_they_are_whole() {
    ByteArrayOutputStream seen = new ByteArrayOutputStream();
    try (PrintStream to = new PrintStream(seen, true, UTF_8);
        PrintStream lines = new PrintStream(new WholeLines(to, "\r"), true, UTF_8)) {
      lines.print("one, ");
      assertEquals("", seen.toString(UTF_8));
      lines.print("é\ntwo\nth");
      assertEquals("\rone, é\n\rtwo\n", seen.toString(UTF_8));
    }
    assertEquals("\rone, é\n\rtwo\n\rth\n", seen.toString(UTF_8));
  }

  @Test
  void standard_error_is_given_back() {
    PrintStream before = System.err;
    new ProgressLine("a task", 1).close();
    assertSame(before, System.err);
  }
}
