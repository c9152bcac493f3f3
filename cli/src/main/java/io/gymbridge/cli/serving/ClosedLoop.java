package io.gymbridge.cli.serving;

import io.grpc.Status;
import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Callers who each ask again as soon as they are answered. */
final class ClosedLoop implements SystemUnderTest {
  /** Figures: answers a second, and what they took in µs. */
  static final String RATE = "calls_per_second";

  static final String P50 = "us_p50";
  static final String P99 = "us_p99";

  /** Of a call in the server, from its arrival to its answer, in µs; mean. */
  static final String SERVER = "server_us";

  static final String QUEUE = "queue_us";
  static final String COMPUTE = "compute_us";

  private static final double WARM_UP = 0.1;
  private static final int ANSWER_SECONDS = 30;

  private final Callers callers;
  private final ServerTimes times;

  ClosedLoop(Callers callers, ServerTimes times) {
    this.callers = callers;
    this.times = times;
  }

  @Override
  public Map<String, Double> run(double seconds) {
    new Run(seconds * WARM_UP).await();
    ServerTimes.Totals before = times.read();
    Run run = new Run(seconds);
    run.await();
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(RATE, run.latencies.count() / (run.elapsed / 1e9));
    figures.put(P50, run.latencies.micros(50));
    figures.put(P99, run.latencies.micros(99));
    figures.putAll(times.read().since(before));
    return figures;
  }

  @Override
  public void close() {
    callers.close();
  }

  private final class Run {
    private final Latencies latencies = new Latencies();
    private final CountDownLatch left = new CountDownLatch(callers.all().size());
    private final AtomicReference<Status.@Nullable Code> failure = new AtomicReference<>();
    private final long began = System.nanoTime();
    private final long end;
    private long elapsed;

    Run(double seconds) {
      end = began + (long) (seconds * 1e9);
    }

    void await() {
      callers.all().forEach(this::ask);
      try {
        if (!left.await((end - began) / 1_000_000_000 + ANSWER_SECONDS, TimeUnit.SECONDS)) {
          throw new GymException(
              Kind.DEADLINE_EXCEEDED,
              "%d callers have no answer after %d s".formatted(left.getCount(), ANSWER_SECONDS));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new GymException(Kind.UNAVAILABLE, "interrupted", null, e);
      }
      elapsed = System.nanoTime() - began;
      Status.Code failed = failure.get();
      if (failed != null) {
        throw new GymException(Kind.UNAVAILABLE, "a call failed: " + failed);
      }
    }

    private void ask(Caller caller) {
      long sent = System.nanoTime();
      caller.ask(
          false,
          answer -> {
            long now = System.nanoTime();
            latencies.record(now - sent);
            if (answer.failure() != null) {
              failure.set(answer.failure());
              left.countDown();
            } else if (now < end) {
              ask(caller);
            } else {
              left.countDown();
            }
          });
    }
  }
}
