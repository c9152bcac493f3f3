package io.gymbridge.client;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Spin;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One thread that waits for what the event loop brings, or another process. It spins before it
 * sleeps: for a moment where those who work on the answer may want its core, and for as long as
 * most answers take where there are cores enough.
 */
abstract class Waiting {
  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /** About what it takes to be woken. */
  private static final long MOMENT_NANOS = 20_000;

  private static final long LONG_NANOS = 1_000_000;

  private final Spin moment = new Spin(MOMENT_NANOS);
  private final Spin patient = new Spin(LONG_NANOS);
  private volatile @Nullable Thread waiting;

  /** Whether there is nothing more to wait for. Read from memory that other threads write. */
  abstract boolean arrived();

  /**
   * Waits until something has arrived, or a moment has passed; one thread at a time.
   *
   * @param until on {@link System#nanoTime}'s clock
   * @param busy threads of any process, as far as known, that are at work on the answer
   * @return whether something has arrived
   * @throws GymException UNAVAILABLE where this thread was interrupted, which it then still is
   */
  final boolean awaitUntil(long until, int busy) {
    waiting = Thread.currentThread();
    try {
      if (arrived() || (busy < CORES ? patient : moment).until(this::arrived)) {
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

  /** Sleeps for so long, or until {@link #wake}, or for no reason. */
  void sleep(long nanos) {
    LockSupport.parkNanos(this, nanos);
  }

  /** Has the waiting thread look again; from any thread. */
  void wake() {
    LockSupport.unpark(waiting);
  }
}
