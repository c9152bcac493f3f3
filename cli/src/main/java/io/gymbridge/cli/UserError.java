package io.gymbridge.cli;

/** Something the user can mend: the message says what was got, what was expected and what to do. */
final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1;

  UserError(String message) {
    super(message);
  }

  UserError(String message, Throwable cause) {
    super(message, cause);
  }
}
