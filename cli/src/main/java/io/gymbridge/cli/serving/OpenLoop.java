package io.gymbridge.cli.serving;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks at a given rate, evenly and whether or not answers come. What an answer took counts from the
 * time at which its question was due, so that questions which were sent late, because the server or
 * this process was busy, hide nothing. A caller may have a limited number of questions under way,
 * as on a connection; those that would exceed it are not asked, and counted.
 */
final class OpenLoop {
  private static final long NANOS = 1_000_000_000;
  private static final int ANSWER_SECONDS = 30;

  private final List<Caller> callers;
  private final double rate;
  private final int episode;
  private final AtomicIntegerArray underWay;
  private int most = Integer.MAX_VALUE;
  private long sending;
  private long heldBack;

  /** Is told each answer, on the client's event loop. Times are {@link System#nanoTime}'s. */
  interface Seen {
    /**
     * An answer.
     *
     * @param caller index of who asked
     * @param begin whether an episode began with the question
     * @param due when the question was due
     * @param sent when it was asked
     * @param now when the answer came
     */
    void answered(int caller, boolean begin, long due, long sent, long now, Caller.Answer answer);
  }

  /**
   * Callers who ask in turn.
   *
   * @param rate questions a second, of all together
   * @param episode questions of one caller, until an episode begins anew
   */
  OpenLoop(List<Caller> callers, double rate, int episode) {
    this.callers = callers;
    this.rate = rate;
    this.episode = episode;
    this.underWay = new AtomicIntegerArray(callers.size());
  }

  /** Lets each caller have at most so many questions under way. */
  OpenLoop withMost(int questions) {
    most = questions;
    return this;
  }

  /** Questions of the last run that were not asked. */
  long heldBack() {
    return heldBack;
  }

  /**
   * Asks for so long, and waits for the last answer.
   *
   * @return questions that were due
   * @throws GymException DEADLINE_EXCEEDED where answers are missing half a minute later
   */
  long run(double seconds, Seen seen) {
    UnderWay open = new UnderWay();
    long began = System.nanoTime();
    long count = (long) (seconds * rate);
    heldBack = 0;
    for (long i = 0; i < count; i++) {
      long due = began + (long) (i * NANOS / rate);
      for (long ahead = due - System.nanoTime(); ahead > 0; ahead = due - System.nanoTime()) {
        LockSupport.parkNanos(ahead);
      }
      int caller = (int) (i % callers.size());
      boolean begin = i / callers.size() % episode == 0;
      if (underWay.get(caller) < most) {
        ask(caller, begin, due, seen, open);
      } else {
        heldBack++;
      }
    }
    sending = System.nanoTime() - began;
    open.await();
    return count;
  }

  /** How long the last run took to ask all; more than it should where this process had no time. */
  double sendingSeconds() {
    return (double) sending / NANOS;
  }

  private void ask(int caller, boolean begin, long due, Seen seen, UnderWay open) {
    open.add();
    underWay.incrementAndGet(caller);
    long sent = System.nanoTime();
    callers
        .get(caller)
        .ask(
            begin,
            answer -> {
              try {
                seen.answered(caller, begin, due, sent, System.nanoTime(), answer);
              } finally {
                underWay.decrementAndGet(caller);
                open.remove();
              }
            });
  }

  /** How many questions have no answer yet. */
  private static final class UnderWay {
    private long count;

    synchronized void add() {
      count++;
    }

    synchronized void remove() {
      count--;
      if (count == 0) {
        notifyAll();
      }
    }

    synchronized void await() {
      long end = System.nanoTime() + ANSWER_SECONDS * NANOS;
      try {
        while (count > 0) {
          long left = (end - System.nanoTime()) / 1_000_000;
          if (left <= 0) {
            throw new GymException(
                Kind.DEADLINE_EXCEEDED,
                "%d questions have no answer after %d s".formatted(count, ANSWER_SECONDS));
          }
          wait(left);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new GymException(Kind.UNAVAILABLE, "interrupted", null, e);
      }
    }
  }
}
