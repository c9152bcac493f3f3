package io.gymbridge.core;

import java.util.List;

/**
 * Episodes of an expert, and the spaces they live in. Immutable and safe to share between threads.
 *
 * @param observationSpace of a single observation
 * @param actionSpace of a single action
 * @param trajectories in the order in which they were recorded; at least one
 */
public record Demonstrations(
    Space observationSpace, Space actionSpace, List<Trajectory> trajectories) {
  public Demonstrations {
    trajectories = List.copyOf(trajectories);
    if (trajectories.isEmpty()) {
      throw new IllegalArgumentException("demonstrations want at least one trajectory");
    }
  }

  /** Number of steps in all trajectories together. */
  public int steps() {
    return trajectories.stream().mapToInt(Trajectory::length).sum();
  }

  /** Returns and lengths of the episodes. */
  public Evaluation evaluation() {
    return Evaluation.of(trajectories);
  }

  /** Every transition, trajectory after trajectory. */
  public Transitions transitions() {
    TransitionSampler all = new TransitionSampler(observationSpace, actionSpace, 1, 0);
    trajectories.forEach(all::add);
    return all.transitions();
  }
}
