package io.gymbridge.client;

import java.util.concurrent.ScheduledThreadPoolExecutor;

/** What sessions do by themselves: heartbeats, and attaching anew. Nothing on it may block. */
final class Background {
  /** One thread for all sessions of this process; it does not keep the process alive. */
  static final ScheduledThreadPoolExecutor THREAD = start();

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
}
