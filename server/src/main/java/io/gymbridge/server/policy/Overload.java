package io.gymbridge.server.policy;

import io.grpc.StatusRuntimeException;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Statuses;

/**
 * The refusal of what is too much. It is made once: where there is too much to do, to say so must
 * cost less than to do it, and an exception's stack trace costs as much as a small network.
 */
// On purpose: see above.
@SuppressWarnings("StaticAssignmentOfThrowable")
final class Overload {
  static final GymException REASON =
      new GymException(
          Kind.RESOURCE_EXHAUSTED,
          "as many observations wait as may (the server's --max-waiting): nothing was computed; ask later, or elsewhere");

  private static final StatusRuntimeException STATUS =
      io.grpc.Status.RESOURCE_EXHAUSTED.withDescription(REASON.getMessage()).asRuntimeException();

  private Overload() {}

  /** What ends a call that failed. */
  static StatusRuntimeException status(RuntimeException reason) {
    return reason == REASON ? STATUS : Statuses.toException(reason);
  }
}
