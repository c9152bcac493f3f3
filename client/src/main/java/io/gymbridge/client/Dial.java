package io.gymbridge.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Statuses;
import java.time.Duration;
import java.util.function.Supplier;

/** Says plainly what is wrong when a server cannot be reached. */
final class Dial {
  private Dial() {}

  /**
   * Makes a unary call.
   *
   * @param doing completes "no answer to …"
   * @param service what the server should offer: "environments", "policies"
   * @param starter the command that starts such a server, up to its address
   */
  static <T> T call(
      Supplier<T> call,
      Address address,
      String doing,
      Duration timeout,
      String service,
      String starter) {
    try {
      return call.get();
    } catch (StatusRuntimeException e) {
      throw explain(e, address, doing, timeout, service, starter);
    }
  }

  private static GymException explain(
      StatusRuntimeException e,
      Address address,
      String doing,
      Duration timeout,
      String service,
      String starter) {
    Throwable cause = e.getStatus().getCause();
    if (cause instanceof GymException told) {
      return told;
    }
    GymException plain = Statuses.decode(e);
    Status.Code code = e.getStatus().getCode();
    if (code == Status.Code.UNAVAILABLE && cause != null) {
      return new GymException(
          Kind.UNAVAILABLE,
          "nobody answers at %s (%s). Start a server there with: %s --address %s"
              .formatted(address, cause.getMessage(), starter, address),
          null,
          e);
    }
    if (code == Status.Code.DEADLINE_EXCEEDED) {
      return new GymException(
          Kind.DEADLINE_EXCEEDED,
          "no answer from %s to %s within %s"
              .formatted(address, doing, Durations.describe(timeout)),
          null,
          e);
    }
    if (code == Status.Code.UNIMPLEMENTED) {
      return new GymException(
          Kind.UNIMPLEMENTED,
          "the server at %s does not offer %s (%s)".formatted(address, service, plain.getMessage()),
          null,
          e);
    }
    return plain;
  }
}
