package io.gymbridge.cli;

import io.gymbridge.cli.bench.SystemUnderTest;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * A training without an end, whose speed is measured: each run trains a new policy, and its first
 * fifth is not counted.
 */
final class SteadyTraining implements SystemUnderTest {
  private static final double WARM_UP_PART = 0.2;

  private final Consumer<LongConsumer> train;

  /** Ends the training. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1;

    Enough() {
      super("measured for long enough", null, false, false);
    }
  }

  /**
   * A training.
   *
   * @param train trains until the listener throws, which it tells how much was done so far
   */
  SteadyTraining(Consumer<LongConsumer> train) {
    this.train = train;
  }

  @Override
  public Map<String, Double> run(double seconds) {
    Watch watch = new Watch(seconds);
    try {
      train.accept(watch);
    } catch (Enough e) {
      return Map.of("per_second", watch.perSecond);
    }
    throw new IllegalStateException("the training ended by itself");
  }

  @Override
  public void close() {}

  /** Looks at the clock whenever something was done. */
  private static final class Watch implements LongConsumer {
    private final long begin;
    private final long end;
    private boolean started;
    private long startedAt;
    private long doneBefore;
    private double perSecond;

    Watch(double seconds) {
      begin = System.nanoTime() + (long) (WARM_UP_PART * seconds * 1e9);
      end = begin + (long) (seconds * 1e9);
    }

    @Override
    public void accept(long done) {
      long now = System.nanoTime();
      if (!started) {
        started = now >= begin;
        startedAt = now;
        doneBefore = done;
        return;
      }
      perSecond = (done - doneBefore) * 1e9 / (now - startedAt);
      if (now >= end) {
        throw new Enough();
      }
    }
  }
}
