package io.gymbridge.cli.table;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one seed of a row came to: the final policy, never the best on the way.
 *
 * @param row the row's name
 * @param seed of the training
 * @param deterministic returns of the evaluation's episodes, with the likeliest actions
 * @param sampled the same with sampled actions; empty where the algorithm's policy is judged by the
 *     likeliest only
 * @param seconds it took
 * @param queries observations that the expert was asked about; null where there is none to ask
 * @param curve pairs of steps and mean return of the episodes that ended then
 * @param command that was run
 */
@SuppressWarnings("ArrayRecordComponent")
public record Result(
    String row,
    long seed,
    double[] deterministic,
    double[] sampled,
    double seconds,
    @Nullable Long queries,
    List<double[]> curve,
    String command) {

  /** Mean return with the likeliest actions. */
  public double mean() {
    return Scores.mean(deterministic);
  }
}
