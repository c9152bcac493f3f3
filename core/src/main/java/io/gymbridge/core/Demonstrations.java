package io.gymbridge.core;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

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

  /**
   * The first {@code n} trajectories.
   *
   * @throws IllegalArgumentException if there are fewer, or n is below 1
   */
  public Demonstrations limit(int n) {
    if (n < 1 || n > trajectories.size()) {
      throw new IllegalArgumentException(
          "asked for %d trajectories, there are %d".formatted(n, trajectories.size()));
    }
    return new Demonstrations(observationSpace, actionSpace, trajectories.subList(0, n));
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
    return taken(1, new int[trajectories.size()]);
  }

  /**
   * Each {@code every}-th transition of every trajectory, from an offset drawn uniformly from {0,
   * …, every − 1} for each: what Ho and Ermon (2016, section 6) do to make imitation harder. 50 are
   * left of 1000 steps with {@code every} = 20. A trajectory that ends before its offset gives
   * none.
   *
   * @param every at least 1
   * @param seed draws the offsets: the same seed, the same transitions
   * @throws IllegalArgumentException if nothing is left
   */
  public Transitions subsample(int every, long seed) {
    if (every < 1) {
      throw new IllegalArgumentException("every must be at least 1, got " + every);
    }
    SplittableRandom random = new SplittableRandom(seed);
    int[] offsets = trajectories.stream().mapToInt(t -> random.nextInt(every)).toArray();
    return taken(every, offsets);
  }

  private Transitions taken(int every, int[] offsets) {
    List<Value> observations = new ArrayList<>();
    List<Value> actions = new ArrayList<>();
    List<Value> nextObservations = new ArrayList<>();
    int[] episodes = new int[steps()];
    boolean[] terminated = new boolean[steps()];
    int count = 0;
    for (int episode = 0; episode < offsets.length; episode++) {
      Trajectory trajectory = trajectories.get(episode);
      int rows = Math.max(0, (trajectory.length() - offsets[episode] + every - 1) / every);
      if (rows == 0) {
        continue;
      }
      int[] now = new int[rows];
      int[] next = new int[rows];
      for (int row = 0; row < rows; row++) {
        now[row] = offsets[episode] + row * every;
        next[row] = now[row] + 1;
        episodes[count] = episode;
        terminated[count] = trajectory.terminated() && next[row] == trajectory.length();
        count++;
      }
      observations.add(trajectory.observations().take(now));
      actions.add(trajectory.actions().take(now));
      nextObservations.add(trajectory.observations().take(next));
    }
    if (count == 0) {
      throw new IllegalArgumentException(
          "taking each %d-th step leaves no transition: the trajectories are too short"
              .formatted(every));
    }
    return new Transitions(
        observationSpace,
        actionSpace,
        Value.concatenate(observations),
        Value.concatenate(actions),
        Value.concatenate(nextObservations),
        java.util.Arrays.copyOf(terminated, count),
        java.util.Arrays.copyOf(episodes, count));
  }
}
