package io.gymbridge.server.policy;

import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import org.jspecify.annotations.Nullable;

/** Is told what was asked and answered. Must not block: it is called where answers are made. */
public interface RequestLog {
  /** Keeps nothing. */
  RequestLog NONE = (policy, version, episodes, question, outcome) -> {};

  /**
   * A question was dealt with.
   *
   * @param stream stands for the stream that it came on, by identity; null for a call of its own
   */
  void acted(
      String policy, String version, @Nullable Object stream, Question question, Outcome outcome);
}
