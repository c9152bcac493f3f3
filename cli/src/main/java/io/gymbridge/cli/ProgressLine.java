package io.gymbridge.cli;

import java.io.PrintStream;
import java.nio.charset.Charset;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar with an ETA, on standard error, so that standard output holds results only. What
 * others print on standard error meanwhile, such as a server's log, comes in lines of its own.
 */
final class ProgressLine implements AutoCloseable {
  private static final int WIDTH = 100;

  private final PrintStream err = System.err;
  private final PrintStream others;
  private final ProgressBar bar;

  ProgressLine(String task, long steps) {
    // The launcher knows whether standard error is a terminal; Java does not.
    boolean terminal = "1".equals(System.getenv("GYMBRIDGE_TERMINAL"));
    this.bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(steps)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(terminal ? 200 : 5_000)
            .setConsumer(new ConsoleProgressBarConsumer(err, WIDTH))
            .build();
    // A terminal's bar is wiped away and drawn again below; elsewhere the line begins a new one.
    String before = terminal ? "\r" + " ".repeat(WIDTH) + "\r" : System.lineSeparator();
    others = new PrintStream(new WholeLines(err, before), true, Charset.defaultCharset());
    System.setErr(others);
  }

  void stepTo(long steps) {
    bar.stepTo(steps);
  }

  void step() {
    bar.step();
  }

  void note(String text) {
    bar.setExtraMessage(text);
  }

  @Override
  public void close() {
    others.close();
    System.setErr(err);
    bar.close();
  }
}
