package io.gymbridge.client;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One thread that waits for what the event loop brings, or another process. It spins for a moment
 * before it sleeps, since a wake-up takes longer than many answers do; where spinning was in vain
 * it leaves that for a while, so that it does not keep a core from those who work on the answer.
 */
abstract class Waiting {
  /** What a wake-up costs, about. */
  private static final long SPIN_NANOS = Long.getLong("gymbridge.spin.micros", 20) * 1000;

  private static final int MAX_FAILURES = 6;

  /** How often spinning was in vain since it last was not. */
  private int failures;

  /** Waits that are still to go by without spinning. */
  private int skipped;

  private volatile @Nullable Thread waiting;

  /** Whether there is nothing more to wait for. Read from memory that other threads write. */
  abstract boolean arrived();

  /**
   * Waits until something has arrived, or a moment has passed; one thread at a time.
   *
   * @param until on {@link System#nanoTime}'s clock
   * @return whether something has arrived
   * @throws GymException UNAVAILABLE where this thread was interrupted, which it then still is
   */
  final boolean awaitUntil(long until) {
    waiting = Thread.currentThread();
    try {
      if (arrived() || arrivesSoon()) {
        return true;
      }
      while (!arrived()) {
        long now = System.nanoTime();
        if (now - until >= 0) {
          return false;
        }
        sleep(until - now);
        if (Thread.currentThread().isInterrupted() && !arrived()) {
          throw new GymException(Kind.UNAVAILABLE, "this thread was interrupted while it waited");
        }
      }
      return true;
    } finally {
      waiting = null;
    }
  }

  // Yields rather than spins: who is waited for may need this very core.
  @SuppressWarnings("ThreadPriorityCheck")
  private boolean arrivesSoon() {
    if (skipped > 0) {
      skipped--;
      return false;
    }
    long until = System.nanoTime() + SPIN_NANOS;
    do {
      Thread.yield();
      if (arrived()) {
        failures = 0;
        return true;
      }
    } while (System.nanoTime() - until < 0);
    failures = Math.min(failures + 1, MAX_FAILURES);
    skipped = (1 << failures) - 1;
    return false;
  }

  /** Sleeps for so long, or until {@link #wake}, or for no reason. */
  void sleep(long nanos) {
    LockSupport.parkNanos(this, nanos);
  }

  /** Has the waiting thread look again; from any thread. */
  void wake() {
    LockSupport.unpark(waiting);
  }
}
