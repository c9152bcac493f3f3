package io.gymbridge.cli.learning;

import java.util.Locale;

/** Whose learner is measured. */
public enum Subject {
  GYMBRIDGE,
  IMITATION,
  SB3;

  String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
