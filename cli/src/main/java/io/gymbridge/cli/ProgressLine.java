package io.gymbridge.cli;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar with steps per second and an ETA, on standard error, so that standard output holds
 * results only. What others print on standard error meanwhile, such as a server's log, comes in
 * lines of its own.
 */
final class ProgressLine implements AutoCloseable {
  /** Columns, where the terminal's are not known. */
  private static final int WIDTH = 100;

  /** Columns of a line in a file, or of a wider terminal. */
  private static final int MAX_WIDTH = 160;

  private final PrintStream err = System.err;
  private final PrintStream others;
  private final ProgressBar bar;

  ProgressLine(String task, long steps) {
    this(task, steps, 0);
  }

  /**
   * Goes on with a task.
   *
   * @param done steps that were made before, of which speed and ETA know nothing
   */
  ProgressLine(String task, long steps, long done) {
    // The launcher knows whether standard error is a terminal; Java does not.
    String columns = System.getenv("GYMBRIDGE_TERMINAL");
    boolean terminal = columns != null;
    int width = columns == null ? MAX_WIDTH : width(columns);
    this.bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(steps)
            .startsFrom(done, Duration.ZERO)
            .setStyle(ProgressBarStyle.ASCII)
            .showSpeed()
            .setUpdateIntervalMillis(terminal ? 200 : 5_000)
            .setConsumer(new ConsoleProgressBarConsumer(err, width))
            .build();
    // A terminal's bar is wiped away and drawn again below; elsewhere the line begins a new one.
    String before = terminal ? "\r" + " ".repeat(width) + "\r" : System.lineSeparator();
    others = new PrintStream(new WholeLines(err, before), true, Charset.defaultCharset());
    System.setErr(others);
  }

  private static int width(String columns) {
    return columns.matches("[0-9]{2,4}")
        ? Math.min(MAX_WIDTH, Math.max(60, Integer.parseInt(columns)))
        : WIDTH;
  }

  void stepTo(long steps) {
    bar.stepTo(steps);
  }

  void step() {
    bar.step();
  }

  void note(String text) {
    bar.setExtraMessage(", " + text);
  }

  @Override
  public void close() {
    others.close();
    System.setErr(err);
    bar.close();
  }
}
