package io.gymbridge.cli;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar with an ETA, on standard error, so that standard output holds results only. */
final class ProgressLine implements AutoCloseable {
  private final ProgressBar bar;

  ProgressLine(String task, long steps) {
    PrintStream err = System.err;
    // The launcher knows whether standard error is a terminal; Java does not.
    boolean terminal = "1".equals(System.getenv("GYMBRIDGE_TERMINAL"));
    this.bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(steps)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(terminal ? 200 : 5_000)
            .setConsumer(new ConsoleProgressBarConsumer(err, 100))
            .build();
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
    bar.close();
  }
}
