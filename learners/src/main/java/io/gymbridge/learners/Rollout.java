package io.gymbridge.learners;

import java.util.Arrays;

/**
 * What T steps of N lanes brought, as arrays of T·N rows: step after step, lane by lane. Rows that
 * are no transition (dummies of NEXT_STEP, lost lanes) are there but not {@link #valid}. Kept and
 * filled again; not thread-safe.
 */
final class Rollout {
  final int steps;
  final int lanes;

  /** Numbers per encoded observation, and per action. */
  final int width;

  final int actionSize;

  /** Encoded observations before and after each step, not normalised. */
  final float[] observations;

  final float[] nextObservations;

  /** {@link #observations} as the policy saw them. */
  final float[] features;

  /** What the distribution drew, in its own units, and the same as the environment executed it. */
  final float[] actions;

  final float[] executed;

  final double[] logProbabilities;
  final double[] rewards;
  final double[] values;
  final boolean[] terminated;
  final boolean[] truncated;
  final boolean[] valid;

  /** V of the observations after each step; 0 after a terminated one. */
  final double[] nextValues;

  final double[] advantages;

  /** What values should have been: advantages plus values. */
  final double[] returns;

  Rollout(int steps, int lanes, int width, int actionSize) {
    int rows = Math.multiplyExact(steps, lanes);
    this.steps = steps;
    this.lanes = lanes;
    this.width = width;
    this.actionSize = actionSize;
    observations = new float[Math.multiplyExact(rows, width)];
    nextObservations = new float[rows * width];
    features = new float[rows * width];
    actions = new float[rows * actionSize];
    executed = new float[rows * actionSize];
    logProbabilities = new double[rows];
    rewards = new double[rows];
    values = new double[rows];
    nextValues = new double[rows];
    advantages = new double[rows];
    returns = new double[rows];
    terminated = new boolean[rows];
    truncated = new boolean[rows];
    valid = new boolean[rows];
  }

  /** T·N. */
  int rows() {
    return steps * lanes;
  }

  /** The rows that are transitions, in order. */
  int[] validRows() {
    int[] rows = new int[rows()];
    int count = 0;
    for (int row = 0; row < rows.length; row++) {
      if (valid[row]) {
        rows[count++] = row;
      }
    }
    return Arrays.copyOf(rows, count);
  }

  /**
   * Generalised advantage estimation (Schulman et al. 2016) of what {@link #rewards}, {@link
   * #values} and {@link #nextValues} say: a truncated episode goes on in its last value, a
   * terminated one does not.
   */
  void estimateAdvantages(double gamma, double lambda) {
    for (int lane = 0; lane < lanes; lane++) {
      double advantage = 0;
      for (int step = steps - 1; step >= 0; step--) {
        int row = step * lanes + lane;
        if (!valid[row]) {
          advantage = 0;
          advantages[row] = 0;
          returns[row] = values[row];
          continue;
        }
        double beyond = terminated[row] ? 0 : nextValues[row];
        double error = rewards[row] + gamma * beyond - values[row];
        boolean ends = terminated[row] || truncated[row];
        advantage = error + (ends ? 0 : gamma * lambda * advantage);
        advantages[row] = advantage;
        returns[row] = advantage + values[row];
      }
    }
  }

  /** 1 − Var[returns − values] / Var[returns]: 1 where values explain all, NaN where nothing is. */
  double explainedVariance() {
    double n = 0;
    double sum = 0;
    double squares = 0;
    double errors = 0;
    double errorSquares = 0;
    for (int row = 0; row < rows(); row++) {
      if (valid[row]) {
        double error = returns[row] - values[row];
        n++;
        sum += returns[row];
        squares += returns[row] * returns[row];
        errors += error;
        errorSquares += error * error;
      }
    }
    double variance = squares / n - sum / n * (sum / n);
    return variance > 0
        ? 1 - (errorSquares / n - errors / n * (errors / n)) / variance
        : Double.NaN;
  }
}
