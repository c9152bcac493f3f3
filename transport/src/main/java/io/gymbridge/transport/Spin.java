package io.gymbridge.transport;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Looks for something for a moment before a thread sleeps, since to be woken takes longer than many
 * answers do. Where that was in vain it is left for a while, so that it keeps no core from those
 * who work on the answer. One thread at a time.
 */
public final class Spin {
  /** Threads of this process that may spin at once: one core is for who is waited for. */
  private static final int MOST = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);

  private static final int MAX_FAILURES = 6;
  private static final AtomicInteger SPINNING = new AtomicInteger();

  private final long nanos;

  /** How often it was in vain since it last was not. */
  private int failures;

  /** Times that are still to go by without it. */
  private int skipped;

  /**
   * Has not looked yet.
   *
   * @param nanos for how long to look, at most
   */
  public Spin(long nanos) {
    this.nanos = nanos;
  }

  /**
   * Looks until something is there, or it has been long enough.
   *
   * @param there reads memory that other threads or processes write
   * @return whether it is there
   */
  // Yields rather than spins: who is waited for may need this very core.
  @SuppressWarnings("ThreadPriorityCheck")
  public boolean until(BooleanSupplier there) {
    if (skipped > 0) {
      skipped--;
      return false;
    }
    try {
      if (SPINNING.incrementAndGet() > MOST) {
        return false;
      }
      long until = System.nanoTime() + nanos;
      do {
        Thread.yield();
        if (there.getAsBoolean()) {
          failures = 0;
          return true;
        }
      } while (System.nanoTime() - until < 0);
    } finally {
      SPINNING.decrementAndGet();
    }
    failures = Math.min(failures + 1, MAX_FAILURES);
    skipped = (1 << failures) - 1;
    return false;
  }
}
