package io.gymbridge.client;

import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The one thread that does what sessions do by themselves: heartbeats, and attaching anew. It does
 * not keep the process alive. Nothing on it may block.
 */
final class Background {
  private static final ScheduledThreadPoolExecutor THREAD = start();

  private Background() {}

  private static ScheduledThreadPoolExecutor start() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "gymbridge-sessions");
              thread.setDaemon(true);
              return thread;
            });
    executor.setRemoveOnCancelPolicy(true);
    return executor;
  }

  static Executor executor() {
    return THREAD;
  }

  /** Runs a task once, after a pause. */
  // Nobody waits for it: what goes wrong in it, it says itself.
  @SuppressWarnings("FutureReturnValueIgnored")
  static void later(Runnable task, long nanos) {
    THREAD.schedule(task, nanos, TimeUnit.NANOSECONDS);
  }

  /** Runs a task again and again, until what is returned is cancelled. */
  static ScheduledFuture<?> every(long nanos, Runnable task) {
    return THREAD.scheduleWithFixedDelay(task, nanos, nanos, TimeUnit.NANOSECONDS);
  }
}
