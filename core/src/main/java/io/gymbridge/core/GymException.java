package io.gymbridge.core;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An environment or a policy did not do what it was asked. The same exception with the same {@link
 * Kind} comes from a local and from a remote one.
 */
public final class GymException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Kind kind;
  private final @Nullable String traceback;

  /** What kind of failure it is, which says what to do about it. */
  public enum Kind {
    /**
     * The request would be wrong in any state: an action outside the space, an unknown option. Mend
     * the request.
     */
    INVALID_ARGUMENT,
    /** Not now: a step before the first reset, or after an end. Do what the message says first. */
    FAILED_PRECONDITION,
    /** No environment or policy of that name. The message names those that come close. */
    NOT_FOUND,
    /** Not allowed by whoever started the server. */
    PERMISSION_DENIED,
    /** A limit is reached: sessions, message size. The message names the limit. */
    RESOURCE_EXHAUSTED,
    /** The environment or policy itself raised an error; {@link #traceback} is its own account. */
    ENVIRONMENT,
    /** Nobody answers at the address, or the connection broke. */
    UNAVAILABLE,
    /** No answer within the time allowed. */
    DEADLINE_EXCEEDED,
    /** The other side does not know this request: an older version, or another service. */
    UNIMPLEMENTED,
    /** A defect of this software. */
    INTERNAL
  }

  public GymException(Kind kind, String message) {
    this(kind, message, null, null);
  }

  /**
   * Makes one with what is known of its origin.
   *
   * @param traceback the other side's stack trace, null where there is none
   * @param cause null where there is none
   */
  public GymException(
      Kind kind, String message, @Nullable String traceback, @Nullable Throwable cause) {
    super(traceback == null ? message : message + "\n" + traceback.strip(), cause);
    this.kind = kind;
    this.traceback = traceback;
  }

  /** Never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }

  public Kind kind() {
    return kind;
  }

  /** The other side's stack trace, where it gave one. */
  public Optional<String> traceback() {
    return Optional.ofNullable(traceback);
  }
}
