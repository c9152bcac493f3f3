package io.gymbridge.server;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import org.slf4j.Logger;

/** What the log has of failed requests. */
public final class Failures {
  private Failures() {}

  /**
   * Logs a failure that its caller is told of: what an environment or a policy raised in one line,
   * since its stack trace is the caller's; a defect of this software with its stack trace; what is
   * wrong with the request itself not at all.
   */
  public static void log(Logger log, Throwable failure) {
    if (!(failure instanceof GymException gym)) {
      log.error("a defect in gymbridge", failure);
    } else if (gym.kind() == Kind.ENVIRONMENT) {
      log.warn("a request failed: {}", firstLine(gym.getMessage()));
    }
  }

  /** A failure of something that is given up anyway, in one line. */
  public static String brief(Throwable failure) {
    return firstLine(failure.toString());
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }
}
