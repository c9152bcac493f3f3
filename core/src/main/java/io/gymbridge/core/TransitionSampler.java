package io.gymbridge.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Takes each k-th transition of trajectories that are given one after the other, and keeps only
 * those: from an offset drawn uniformly from {0, …, k − 1} for each trajectory, which is what Ho
 * and Ermon (2016, section 6) do to make imitation harder. 50 are left of 1000 steps with k = 20. A
 * trajectory that ends before its offset gives none. Not thread-safe.
 */
public final class TransitionSampler {
  private final Space observationSpace;
  private final Space actionSpace;
  private final int every;
  private final SplittableRandom random;
  private final List<Value> observations = new ArrayList<>();
  private final List<Value> actions = new ArrayList<>();
  private final List<Value> nextObservations = new ArrayList<>();
  private final Evaluation.Tally tally = new Evaluation.Tally();
  private boolean[] terminated = new boolean[64];
  private int[] episodes = new int[64];
  private int count;

  /**
   * A sampler that was given nothing.
   *
   * @param observationSpace of a single observation
   * @param actionSpace of a single action
   * @param every k, at least 1, which takes all
   * @param seed draws the offsets: the same seed, the same transitions
   */
  public TransitionSampler(Space observationSpace, Space actionSpace, int every, long seed) {
    if (every < 1) {
      throw new IllegalArgumentException("every must be at least 1, got " + every);
    }
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.every = every;
    this.random = new SplittableRandom(seed);
  }

  /** Takes its share of one more trajectory. */
  public void add(Trajectory trajectory) {
    int offset = random.nextInt(every);
    int rows = Math.max(0, (trajectory.length() - offset + every - 1) / every);
    int episode = tally.episodes();
    tally.add(trajectory);
    if (rows == 0) {
      return;
    }
    if (count + rows > episodes.length) {
      int capacity = Math.max(Math.addExact(count, rows), 2 * count);
      terminated = Arrays.copyOf(terminated, capacity);
      episodes = Arrays.copyOf(episodes, capacity);
    }
    int[] now = new int[rows];
    int[] next = new int[rows];
    for (int row = 0; row < rows; row++) {
      now[row] = offset + row * every;
      next[row] = now[row] + 1;
      episodes[count] = episode;
      terminated[count] = trajectory.terminated() && next[row] == trajectory.length();
      count++;
    }
    observations.add(trajectory.observations().take(now));
    actions.add(trajectory.actions().take(now));
    nextObservations.add(trajectory.observations().take(next));
  }

  /** Returns and lengths of the trajectories that were given, whole. */
  public Evaluation evaluation() {
    return tally.evaluation();
  }

  /**
   * What was taken, trajectory after trajectory.
   *
   * @throws IllegalArgumentException if that is nothing
   */
  public Transitions transitions() {
    if (count == 0) {
      throw new IllegalArgumentException(
          "taking each %d-th step of %d trajectories leaves no transition: they are too short or too few"
              .formatted(every, tally.episodes()));
    }
    return new Transitions(
        observationSpace,
        actionSpace,
        Value.concatenate(observations),
        Value.concatenate(actions),
        Value.concatenate(nextObservations),
        Arrays.copyOf(terminated, count),
        Arrays.copyOf(episodes, count));
  }
}
