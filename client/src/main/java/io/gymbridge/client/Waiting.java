package io.gymbridge.client;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One thread that waits for what the event loop brings. It spins for a moment before it parks,
 * since most answers take less than a wake-up.
 */
abstract class Waiting {
  /** What a wake-up costs, about; more would keep a core from the other side's process. */
  private static final long SPIN_NANOS = Long.getLong("gymbridge.spin.micros", 20) * 1000;

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
      long parkFrom = System.nanoTime() + SPIN_NANOS;
      while (!arrived()) {
        long now = System.nanoTime();
        if (now - until >= 0) {
          return false;
        }
        if (now - parkFrom < 0) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(this, until - now);
          if (Thread.currentThread().isInterrupted() && !arrived()) {
            throw new GymException(Kind.UNAVAILABLE, "this thread was interrupted while it waited");
          }
        }
      }
      return true;
    } finally {
      waiting = null;
    }
  }

  /** Has the waiting thread look again; from any thread. */
  final void wake() {
    LockSupport.unpark(waiting);
  }
}
