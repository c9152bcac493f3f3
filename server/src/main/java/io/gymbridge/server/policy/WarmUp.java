package io.gymbridge.server.policy;

import io.gymbridge.core.Value;
import io.gymbridge.policies.Actor;
import io.gymbridge.policies.Question;
import java.util.Arrays;
import java.util.List;

/** Has a policy act before anybody waits for it, and sees how long it takes. */
final class WarmUp {
  private static final int TIMES = 50;
  private static final long QUICK_MICROS = 1000;

  private WarmUp() {}

  /** The median time for one observation. */
  record Result(long micros) {
    /** Whether other connections can wait for it. */
    boolean quick() {
      return micros < QUICK_MICROS;
    }
  }

  static Result of(Actor actor, Value observations) {
    long[] nanos = new long[TIMES];
    Question one = new Question(observations.slice(0, 1), true);
    for (int i = 0; i < TIMES; i++) {
      long began = System.nanoTime();
      var unused = actor.answer(List.of(one));
      nanos[i] = System.nanoTime() - began;
    }
    var unused = actor.answer(List.of(new Question(observations, false)));
    Arrays.sort(nanos);
    return new Result(nanos[TIMES / 2] / 1000);
  }
}
