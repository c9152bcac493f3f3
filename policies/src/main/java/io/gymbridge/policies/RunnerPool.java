package io.gymbridge.policies;

import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/** Runners of a graph for whichever threads ask, as many as ask at once. Thread-safe. */
final class RunnerPool implements AutoCloseable {
  /** Rows, and bytes, beyond which a runner is not kept for the next call. */
  private static final int KEPT_ROWS = 256;

  private static final long KEPT_BYTES = 64L << 20;

  private final GraphPlan plan;
  private final @Nullable SmallNetwork network;
  private final ConcurrentLinkedDeque<Runner> idle = new ConcurrentLinkedDeque<>();
  private final int kept;

  RunnerPool(GraphPlan plan, @Nullable SmallNetwork network) {
    this.plan = plan;
    this.network = network;
    long rowBytes = 1;
    for (Port port : plan.inputs()) {
      rowBytes += (long) port.size() * port.dtype().bytes();
    }
    this.kept = (int) Math.max(1, Math.min(KEPT_ROWS, KEPT_BYTES / rowBytes));
  }

  int rowsInJava() {
    return network == null ? 0 : network.mostRows();
  }

  /** One with room for so many rows, to be given back. */
  Runner take(int rows) {
    if (rows > kept) {
      return new Runner(plan, network, rows);
    }
    Runner runner = idle.pollFirst();
    if (runner == null) {
      return new Runner(plan, network, room(rows));
    }
    if (runner.capacity() < rows) {
      runner.close();
      return new Runner(plan, network, room(rows));
    }
    return runner;
  }

  /** The next power of two, within what is kept. */
  private int room(int rows) {
    int power = Integer.highestOneBit(rows);
    return Math.max(rows, Math.min(kept, power < rows ? 2 * power : power));
  }

  void give(Runner runner) {
    if (runner.capacity() > kept) {
      runner.close();
    } else {
      idle.addFirst(runner);
    }
  }

  @Override
  public void close() {
    for (Runner runner = idle.pollFirst(); runner != null; runner = idle.pollFirst()) {
      runner.close();
    }
  }
}
