package io.gymbridge.cli;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Passes on whole lines, each with something before it, each in one piece. Thread-safe. */
final class WholeLines extends OutputStream {
  private final PrintStream to;
  private final byte[] before;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  WholeLines(PrintStream to, String before) {
    this.to = to;
    this.before = before.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public synchronized void write(int b) {
    if (line.size() == 0) {
      line.writeBytes(before);
    }
    line.write(b);
    if (b == '\n') {
      to.writeBytes(line.toByteArray());
      to.flush();
      line.reset();
    }
  }

  /** Passes on what is left of a line that was not ended. */
  @Override
  public synchronized void close() {
    if (line.size() > 0) {
      write('\n');
    }
  }
}
