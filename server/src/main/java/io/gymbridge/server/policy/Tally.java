package io.gymbridge.server.policy;

import io.gymbridge.core.GymException.Kind;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Counts what became of the questions to one version, and how long they took. Thread-safe. */
final class Tally {
  private final LongAdder answered = new LongAdder();
  private final LongAdder rows = new LongAdder();
  private final LongAdder batches = new LongAdder();
  private final LongAdder waitedNanos = new LongAdder();
  private final DurationHistogram computed = new DurationHistogram();
  private final DurationHistogram answers = new DurationHistogram();
  private final AtomicLong lastMillis = new AtomicLong();
  private final Map<Kind, LongAdder> refused = new EnumMap<>(Kind.class);

  Tally() {
    for (Kind kind : Kind.values()) {
      refused.put(kind, new LongAdder());
    }
  }

  /** A question of {@code n} rows was answered {@code totalNanos} after it came. */
  void answered(int n, long totalNanos) {
    answered.increment();
    rows.add(n);
    answers.add(totalNanos);
  }

  /** A question was not answered, for this reason. */
  void refused(Kind why) {
    java.util.Objects.requireNonNull(refused.get(why)).increment();
  }

  /**
   * A batch was computed.
   *
   * @param waited the sum over its questions of the time from their arrival to the batch's begin
   */
  void computed(long waited, long nanos) {
    batches.increment();
    waitedNanos.add(waited);
    computed.add(nanos);
    lastMillis.lazySet(System.currentTimeMillis());
  }

  long answered() {
    return answered.sum();
  }

  long refusals(Kind why) {
    return java.util.Objects.requireNonNull(refused.get(why)).sum();
  }

  long rows() {
    return rows.sum();
  }

  long batches() {
    return batches.sum();
  }

  /** Sum over the questions, in the queue. */
  long waitedNanos() {
    return waitedNanos.sum();
  }

  /** Sum over the batches. */
  long computedNanos() {
    return computed.nanos();
  }

  /** Of the batches, computed. */
  DurationHistogram computations() {
    return computed;
  }

  /** Sum over the questions that were answered, from arrival to answer. */
  long answeredNanos() {
    return answers.nanos();
  }

  /** Of the questions that were answered, from arrival to answer. */
  DurationHistogram answers() {
    return answers;
  }

  /** When the last batch was computed, in milliseconds since 1970; 0 for never. */
  long lastMillis() {
    return lastMillis.get();
  }
}
