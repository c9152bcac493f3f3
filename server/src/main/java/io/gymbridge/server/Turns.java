package io.gymbridge.server;

import io.gymbridge.transport.Spin;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a shard's jobs one after the other, in the order in which they come. A job runs in a thread
 * that the shard has for itself; or at once in the thread that brings it, if it is known to be
 * brief and no other is under way. While the shard's thread waits it also looks at a source of jobs
 * that nobody brings. Thread-safe.
 *
 * <p>The shard's thread spins for a while before it sleeps, since waking it takes longer than many
 * clients take for their next request.
 */
final class Turns {
  private static final Logger log = LoggerFactory.getLogger(Turns.class);

  private static final long SPIN_NANOS = 200_000;

  /** {@link #busySince}'s value while no job is under way. */
  private static final long IDLE = Long.MIN_VALUE;

  /** Jobs that nobody brings. But for {@link #wake} it is used in the shard's thread only. */
  interface Source {
    /** Whether there may be one. */
    boolean isReady();

    /** Runs or brings one, where there is any. */
    void serve();

    /** Waits until there may be one, for {@link #wake}, or for no reason. */
    void sleep();

    /** Ends the sleep under way, or the next one. */
    void wake();
  }

  private final LongSupplier nanoTime;
  private final Queue<Runnable> jobs = new ConcurrentLinkedQueue<>();

  /** Jobs that have come and are not done. Whoever raises it from 0 sees to them. */
  private final AtomicInteger pending = new AtomicInteger();

  private final Thread thread;
  private volatile @Nullable Source source;
  private final Spin spin = new Spin(SPIN_NANOS);
  private volatile boolean handedOver;
  private volatile boolean asleep;
  private volatile boolean over;
  private volatile Runnable farewell = () -> {};
  private volatile long busySince = IDLE;

  /**
   * Starts the thread.
   *
   * @param nanoTime the clock of {@link #busyNanos}
   */
  Turns(String name, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    thread = new Thread(this::serve, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Runs a job in the shard's thread, after those that came before. */
  void run(Runnable job) {
    jobs.add(job);
    if (pending.getAndIncrement() == 0) {
      handOver();
    }
  }

  /** As {@link #run}, but at once in this thread where no other job is under way. */
  void runHere(Runnable job) {
    jobs.add(job);
    if (pending.getAndIncrement() == 0) {
      runNext();
      if (pending.decrementAndGet() > 0) {
        handOver();
      }
    }
  }

  /** Looks at another source from now on. */
  void listen(@Nullable Source other) {
    Source former = source;
    source = other;
    wake(former);
  }

  private void wake(@Nullable Source listened) {
    if (listened != null) {
      listened.wake();
    }
    LockSupport.unpark(thread);
  }

  /** How long the job under way has taken so far; 0 where there is none. */
  long busyNanos() {
    long since = busySince;
    return since == IDLE ? 0 : nanoTime.getAsLong() - since;
  }

  /** Whether {@link #end} or {@link #abandon} was called. */
  boolean over() {
    return over;
  }

  /** Lets the thread end; jobs that still wait are dropped. To be called by the last job. */
  void end() {
    over = true;
  }

  /** Gives up the job under way: it is interrupted, and but for {@code last} nothing follows it. */
  void abandon(Runnable last) {
    if (over) {
      return;
    }
    farewell = last;
    over = true;
    thread.interrupt();
    wake(source);
  }

  private void handOver() {
    handedOver = true;
    if (asleep) {
      wake(source);
    }
  }

  private void runNext() {
    Runnable job = jobs.remove();
    if (over) {
      return;
    }
    busySince = nanoTime.getAsLong();
    try {
      job.run();
    } catch (RuntimeException | Error e) {
      // The jobs after it must have their turn.
      log.error("a defect in gymbridge", e);
    } finally {
      busySince = IDLE;
    }
  }

  private void serve() {
    while (!over) {
      await();
      Source other = source;
      try {
        if (other != null && other.isReady() && !over) {
          other.serve();
        }
      } catch (RuntimeException | Error e) {
        // The jobs that come otherwise must go on.
        log.error("a defect in gymbridge", e);
        source = null;
      }
      if (!handedOver) {
        continue;
      }
      handedOver = false;
      do {
        runNext();
      } while (pending.decrementAndGet() > 0);
    }
    farewell.run();
  }

  private void await() {
    if (isAwaited() || spin.until(this::isAwaited)) {
      return;
    }
    asleep = true;
    while (!isAwaited() && !over) {
      Source other = source;
      if (other == null) {
        LockSupport.park(this);
      } else {
        other.sleep();
      }
      if (Thread.interrupted() && over) {
        break;
      }
    }
    asleep = false;
  }

  private boolean isAwaited() {
    Source other = source;
    return handedOver || (other != null && other.isReady());
  }
}
