package io.gymbridge.core;

/**
 * Single steps without their order: what most imitation losses are sums over. Immutable by
 * convention: the arrays are not copied.
 *
 * @param observationSpace of a single observation
 * @param actionSpace of a single action
 * @param observations a batch of M, before each step
 * @param actions a batch of M
 * @param nextObservations a batch of M, after each step
 * @param terminated M of them: whether the step reached the task's own end, so that nothing of
 *     value lies beyond; a truncated episode is not terminated
 * @param episodes M of them: which trajectory the step belongs to, so that a split can keep
 *     trajectories whole
 */
public record Transitions(
    Space observationSpace,
    Space actionSpace,
    Value observations,
    Value actions,
    Value nextObservations,
    boolean[] terminated,
    int[] episodes) {
  public Transitions {
    int size = observations.batchSize();
    if (actions.batchSize() != size
        || nextObservations.batchSize() != size
        || terminated.length != size
        || episodes.length != size) {
      throw new IllegalArgumentException(
          "%d observations want as many actions, next observations, flags and episodes; got %d, %d, %d and %d"
              .formatted(
                  size,
                  actions.batchSize(),
                  nextObservations.batchSize(),
                  terminated.length,
                  episodes.length));
    }
  }

  /** Number of steps, M. */
  public int size() {
    return episodes.length;
  }
}
