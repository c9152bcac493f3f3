package io.gymbridge.server;

import io.gymbridge.transport.memory.MemoryOffer;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes shared memory for one shard's streams. That writes a file of up to 128 MiB, so that event
 * loops leave it to threads for that; the shard's own may be busy for longer than an attach may
 * take. Thread-safe.
 */
final class MemoryOffers {
  private static final Logger log = LoggerFactory.getLogger(MemoryOffers.class);

  /**
   * Files that a shard may have mapped. The virtual machine gives back what has ended only when it
   * collects it, however often a client attaches again.
   */
  static final int MAX_MAPPED = 3;

  private static final ThreadPoolExecutor THREADS = threads();

  private final List<WeakReference<ShardMemory>> mapped = new ArrayList<>();

  private static ThreadPoolExecutor threads() {
    int count = Runtime.getRuntime().availableProcessors();
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            count,
            count,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            job -> {
              Thread thread = new Thread(job, "gymbridge shared memory");
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /** Runs a job that is to {@link #make} an offer. */
  void later(Runnable job) {
    THREADS.execute(job);
  }

  /**
   * Makes an offer for a stream.
   *
   * @param requestBytes what the largest usual request takes, about
   * @param responseBytes the same of responses
   * @return null where it cannot be made
   */
  synchronized @Nullable ShardMemory make(
      long epoch,
      long requestBytes,
      long responseBytes,
      ShardMemory.Owner owner,
      InteractStream beside) {
    try {
      if (countMapped() >= MAX_MAPPED) {
        System.gc();
      }
      if (countMapped() >= MAX_MAPPED) {
        throw new IOException(MAX_MAPPED + " files of ended streams are still mapped");
      }
      ShardMemory made =
          new ShardMemory(new MemoryOffer(epoch, requestBytes, responseBytes), owner, beside);
      mapped.add(new WeakReference<>(made));
      return made;
    } catch (IOException | RuntimeException e) {
      log.warn("no shared memory can be offered: {}", e.toString());
      return null;
    }
  }

  private int countMapped() {
    mapped.removeIf(memory -> memory.get() == null);
    return mapped.size();
  }
}
