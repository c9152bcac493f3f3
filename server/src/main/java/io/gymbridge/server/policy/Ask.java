package io.gymbridge.server.policy;

import io.grpc.Context;
import io.grpc.Deadline;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A question on its way through the server.
 *
 * @param version that is to answer, held until then
 * @param context of the call that it came with: where that has ended, nobody waits any more
 * @param arrived {@link System#nanoTime}
 * @param patience nanoseconds after which nobody wants the answer any more; {@link #ENDLESS} for as
 *     long as the call lasts
 * @param answer is told the outcome once, on whatever thread
 */
record Ask(
    Version version,
    Question question,
    Context context,
    long arrived,
    long patience,
    Consumer<Outcome> answer) {
  static final long ENDLESS = Long.MAX_VALUE;

  int rows() {
    return question.size();
  }

  /** Why it need not be computed any more; null if it must. */
  @Nullable GymException expired() {
    Deadline deadline = context.getDeadline();
    if ((deadline != null && deadline.isExpired())
        || (patience != ENDLESS && System.nanoTime() - arrived > patience)) {
      return new GymException(
          Kind.DEADLINE_EXCEEDED,
          "the time that the caller gave it passed before it was its turn: nothing was computed");
    }
    return context.isCancelled()
        ? new GymException(Kind.UNAVAILABLE, "the caller has gone: nothing was computed")
        : null;
  }

  /** Answers, counts, and lets go of the version. */
  void finish(Outcome outcome) {
    if (outcome instanceof Outcome.Refusal refusal) {
      version.tally().refused(refusal.reason().kind());
    } else {
      version.tally().answered(rows(), System.nanoTime() - arrived);
    }
    try {
      answer.accept(outcome);
    } finally {
      version.release();
    }
  }

  void refuse(GymException reason) {
    finish(new Outcome.Refusal(reason));
  }
}
