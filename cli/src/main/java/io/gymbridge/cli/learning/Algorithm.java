package io.gymbridge.cli.learning;

import java.util.Locale;

/** An algorithm whose speed is compared. */
public enum Algorithm {
  GAIL(Subject.IMITATION, "steps", 3),
  AIRL(Subject.IMITATION, "steps", 3),
  BC(Subject.IMITATION, "updates", 5),
  PPO(Subject.SB3, "steps", 2);

  private final Subject peer;
  private final String unit;
  private final double target;

  Algorithm(Subject peer, String unit, double target) {
    this.peer = peer;
    this.unit = unit;
    this.target = target;
  }

  /** As in {@code gymbridge train}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whose it is compared with. */
  public Subject peer() {
    return peer;
  }

  /** What is counted: steps of all copies of the environment, or updates of the network. */
  String unit() {
    return unit;
  }

  /** How many times faster than the peer's it should be, at least. */
  double target() {
    return target;
  }
}
