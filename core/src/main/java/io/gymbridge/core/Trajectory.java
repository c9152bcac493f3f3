package io.gymbridge.core;

/**
 * One episode of T steps, from a reset to its end.
 *
 * @param observations a batch of T + 1: each action's observation, and the last one
 * @param actions a batch of T
 * @param rewards T of them
 * @param terminated the last step reached the task's own end
 * @param truncated the last step was cut short from outside; neither: the recording stopped in
 *     mid-episode
 */
public record Trajectory(
    Value observations, Value actions, double[] rewards, boolean terminated, boolean truncated) {
  public Trajectory {
    if (rewards.length == 0
        || actions.batchSize() != rewards.length
        || observations.batchSize() != rewards.length + 1) {
      throw new IllegalArgumentException(
          "a trajectory of %d rewards wants %d actions and %d observations, got %d and %d"
              .formatted(
                  rewards.length,
                  rewards.length,
                  rewards.length + 1,
                  actions.batchSize(),
                  observations.batchSize()));
    }
  }

  /** Number of steps, T. */
  public int length() {
    return rewards.length;
  }

  /** Sum of the rewards, undiscounted. */
  public double episodeReturn() {
    double sum = 0;
    for (double reward : rewards) {
      sum += reward;
    }
    return sum;
  }
}
