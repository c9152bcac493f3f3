package io.gymbridge.learners;

/**
 * Decides which of a lane's states are worth a question: those about which the ensemble disagrees
 * more than about most of the {@value #WINDOW} last ones. The gate therefore needs no unit, and
 * falls by itself as the ensemble learns. Not thread-safe.
 */
final class DisagreementGate {
  private static final int WINDOW = 256;

  private final double rate;
  private final double[] window = new double[WINDOW];
  private int seen;

  /** Lets about a share of {@code rate} through, in (0, 1]. */
  DisagreementGate(double rate) {
    this.rate = rate;
  }

  /**
   * Whether the next state's disagreement is among the highest of the window. The first state is
   * let through; one that others equal is not above them.
   */
  boolean exceeds(double disagreement) {
    int others = Math.min(seen, WINDOW - 1);
    int notBelow = 0;
    for (int back = 1; back <= others; back++) {
      notBelow += window[(seen - back) % WINDOW] >= disagreement ? 1 : 0;
    }
    window[seen % WINDOW] = disagreement;
    seen++;
    return notBelow + 1 <= Math.max(1, rate * (others + 1));
  }
}
