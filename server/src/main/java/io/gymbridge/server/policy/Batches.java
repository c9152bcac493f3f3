package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import io.gymbridge.transport.Servers;
import io.gymbridge.transport.Statuses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has questions answered in batches, and never waits for one to fill.
 *
 * <p>A quick version answers on the thread that serves the connection: its questions are put aside
 * until that thread has read all that has arrived on its connections, and then they are one batch.
 * Where there is one caller, that is at once. Nothing is shared between these threads.
 *
 * <p>Any other version answers on one of a fixed number of threads; its batch is what arrived while
 * the one before was computed.
 *
 * <p>What waits is bounded, in rows: beyond it questions are refused with RESOURCE_EXHAUSTED. Those
 * whose callers have gone or whose deadlines have passed are dropped. Thread-safe.
 */
final class Batches implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Batches.class);

  private final int maxWaitingRows;
  private final int maxBatchRows;
  private final int threads;
  private final ExecutorService pool;
  private final ThreadLocal<Pending> pending = ThreadLocal.withInitial(Pending::new);
  private final Map<Version, Slow> slow = new HashMap<>();
  private final AtomicInteger waiting = new AtomicInteger();

  /**
   * Batches of at most so many rows, but for single questions that are larger.
   *
   * @param maxWaitingRows rows that may wait for each thread that serves connections, and for each
   *     slow version; a question that finds nothing waiting is never refused
   * @param threads that answer for slow versions
   */
  Batches(int maxWaitingRows, int maxBatchRows, int threads) {
    this.maxWaitingRows = maxWaitingRows;
    this.maxBatchRows = maxBatchRows;
    this.threads = threads;
    AtomicInteger number = new AtomicInteger();
    this.pool =
        Executors.newFixedThreadPool(
            threads,
            work -> {
              Thread thread = new Thread(work, "gymbridge-act-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Has a question answered, at the latest when nothing else is left to do. */
  void ask(Ask ask) {
    if (ask.version().quick()) {
      pending.get().add(ask);
    } else {
      slow(ask.version()).add(ask);
    }
  }

  /** Rows that wait, in all queues. */
  int waiting() {
    return waiting.get();
  }

  @Override
  public void close() {
    pool.shutdown();
  }

  private Slow slow(Version version) {
    synchronized (slow) {
      return slow.computeIfAbsent(version, Slow::new);
    }
  }

  /**
   * Whether a question to a version would be refused now, so that it need not be decoded first.
   *
   * @param rows of the question
   */
  boolean isFull(Version version, int rows) {
    return version.quick() && pending.get().isFull(rows);
  }

  /** Answers questions to one version, in as many batches as they need. */
  private void compute(Version version, List<Ask> asks) {
    List<Ask> batch = new ArrayList<>(asks.size());
    int rows = 0;
    for (Ask ask : asks) {
      GymException expired = ask.expired();
      if (expired != null) {
        ask.refuse(expired);
        continue;
      }
      if (rows > 0 && rows + ask.rows() > maxBatchRows) {
        computeBatch(version, batch);
        batch.clear();
        rows = 0;
      }
      batch.add(ask);
      rows += ask.rows();
    }
    if (!batch.isEmpty()) {
      computeBatch(version, batch);
    }
  }

  private static void computeBatch(Version version, List<Ask> batch) {
    List<Question> questions = new ArrayList<>(batch.size());
    long began = System.nanoTime();
    long waited = 0;
    for (Ask ask : batch) {
      questions.add(ask.question());
      waited += began - ask.arrived();
    }
    List<Outcome> outcomes;
    try {
      outcomes = version.actor().answer(questions);
    } catch (RuntimeException e) {
      GymException reason = Statuses.raised("the policy " + version.policy(), e);
      batch.forEach(ask -> ask.refuse(reason));
      return;
    }
    long ended = System.nanoTime();
    version.tally().computed(waited, ended - began);
    Tracing.computed(batch, began, ended);
    for (int i = 0; i < batch.size(); i++) {
      try {
        batch.get(i).finish(outcomes.get(i));
      } catch (RuntimeException e) {
        log.warn("an answer could not be sent: {}", e.toString());
      }
    }
  }

  /** What one thread that serves connections has read and not answered yet. */
  private final class Pending {
    private List<Ask> asks = new ArrayList<>();
    private int rows;

    boolean isFull(int more) {
      return rows > 0 && rows + more > maxWaitingRows;
    }

    void add(Ask ask) {
      if (isFull(ask.rows())) {
        ask.refuse(Overload.REASON);
        return;
      }
      asks.add(ask);
      rows += ask.rows();
      waiting.addAndGet(ask.rows());
      if (asks.size() == 1 && !Servers.afterReading(this::drain)) {
        drain();
      }
    }

    /** Answers all that is here; what comes in meanwhile has a turn of its own. */
    private void drain() {
      List<Ask> now = asks;
      asks = new ArrayList<>();
      waiting.addAndGet(-rows);
      rows = 0;
      Version first = now.get(0).version();
      if (now.stream().allMatch(ask -> ask.version() == first)) {
        compute(first, now);
      } else {
        Map<Version, List<Ask>> byVersion = new HashMap<>();
        now.forEach(
            ask -> byVersion.computeIfAbsent(ask.version(), v -> new ArrayList<>()).add(ask));
        byVersion.forEach(Batches.this::compute);
      }
    }
  }

  /** The questions to a version that takes its time. */
  private final class Slow {
    private final Version version;
    private final Deque<Ask> asks = new ArrayDeque<>();
    private int rows;
    private int workers;

    Slow(Version version) {
      this.version = version;
    }

    void add(Ask ask) {
      GymException refusal = null;
      synchronized (this) {
        if (rows > 0 && rows + ask.rows() > maxWaitingRows) {
          refusal = Overload.REASON;
        } else {
          asks.add(ask);
          rows += ask.rows();
          waiting.addAndGet(ask.rows());
          if (workers < threads) {
            workers++;
            pool.execute(this::work);
          }
        }
      }
      if (refusal != null) {
        ask.refuse(refusal);
      }
    }

    private void work() {
      for (List<Ask> batch = next(); !batch.isEmpty(); batch = next()) {
        compute(version, batch);
      }
    }

    private synchronized List<Ask> next() {
      List<Ask> batch = new ArrayList<>();
      int taken = 0;
      while (!asks.isEmpty() && (taken == 0 || taken + asks.peek().rows() <= maxBatchRows)) {
        Ask ask = asks.remove();
        batch.add(ask);
        taken += ask.rows();
      }
      rows -= taken;
      waiting.addAndGet(-taken);
      if (batch.isEmpty()) {
        workers--;
        if (workers == 0) {
          synchronized (slow) {
            slow.remove(version, this);
          }
        }
      }
      return batch;
    }
  }
}
