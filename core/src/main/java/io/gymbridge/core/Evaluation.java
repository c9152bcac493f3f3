package io.gymbridge.core;

import java.util.Arrays;
import java.util.List;

/**
 * How a policy did over several episodes.
 *
 * @param returns undiscounted, one per episode
 * @param lengths in steps, one per episode
 */
public record Evaluation(double[] returns, int[] lengths) {

  /** Sums up episodes that were played. */
  public static Evaluation of(List<Trajectory> episodes) {
    return new Evaluation(
        episodes.stream().mapToDouble(Trajectory::episodeReturn).toArray(),
        episodes.stream().mapToInt(Trajectory::length).toArray());
  }

  /** Plays {@code episodes} seeded episodes and sums them up. */
  public static Evaluation of(
      VectorEnv env, Policy policy, boolean deterministic, int episodes, long seed) {
    return of(EpisodeLoop.play(env, policy, deterministic, episodes, seed, episode -> {}));
  }

  /** Number of episodes. */
  public int episodes() {
    return returns.length;
  }

  /** Mean return. */
  public double mean() {
    return Arrays.stream(returns).average().orElse(Double.NaN);
  }

  /**
   * Standard deviation of the returns over these episodes (dividing by their number, as NumPy
   * does).
   */
  public double sd() {
    double mean = mean();
    return Math.sqrt(
        Arrays.stream(returns).map(r -> (r - mean) * (r - mean)).average().orElse(Double.NaN));
  }

  /** Mean length in steps. */
  public double lengthMean() {
    return Arrays.stream(lengths).average().orElse(Double.NaN);
  }

  /** Sums up episodes that are not kept. Not thread-safe. */
  public static final class Tally {
    private double[] returns = new double[16];
    private int[] lengths = new int[16];
    private int episodes;

    /** Counts one more. */
    public void add(Trajectory episode) {
      if (episodes == lengths.length) {
        returns = Arrays.copyOf(returns, 2 * episodes);
        lengths = Arrays.copyOf(lengths, 2 * episodes);
      }
      returns[episodes] = episode.episodeReturn();
      lengths[episodes++] = episode.length();
    }

    /** Number of episodes so far. */
    public int episodes() {
      return episodes;
    }

    /** All so far, in the order in which they were added. */
    public Evaluation evaluation() {
      return new Evaluation(Arrays.copyOf(returns, episodes), Arrays.copyOf(lengths, episodes));
    }
  }
}
