package io.gymbridge.cli.bridge;

import java.util.Optional;

/**
 * What a call of several environments over the bridge is made of, in µs, medians.
 *
 * @param ideal what the environments would take if each worker stepped its share as fast as a loop
 *     of one environment that has the machine for itself
 * @param slower what they took beyond that, inside the slowest worker: processes that share cores
 *     and caches, vector environments' own work, workers that wait for a core
 * @param bridge the rest of the call: coding, sockets, waking each other up
 */
record Breakdown(Cell cell, double ideal, double slower, double bridge) {

  /** Empty for cells without the figures. */
  static Optional<Breakdown> of(Results results, Cell cell) {
    if (cell.kind() != Kind.JAVA_PYTHON || cell.numEnvs() == 1) {
      return Optional.empty();
    }
    Cell loop = Cell.reference(cell.workload(), Kind.LOOP, 1);
    return results
        .median(loop, Results.CALL_P50)
        .flatMap(
            step ->
                results
                    .median(cell, "environment_us_p50")
                    .flatMap(
                        inside ->
                            results
                                .median(cell, Results.CALL_P50)
                                .map(
                                    call ->
                                        split(cell, step.value(), inside.value(), call.value()))));
  }

  private static Breakdown split(Cell cell, double step, double inside, double call) {
    // The largest share: lanes are spread as evenly as they can be.
    int share = (cell.numEnvs() + cell.workers() - 1) / cell.workers();
    double ideal = share * step;
    return new Breakdown(cell, ideal, inside - ideal, call - inside);
  }

  /** The largest part. */
  String limit() {
    if (ideal >= Math.max(slower, bridge)) {
      return "the environments themselves";
    }
    return slower >= bridge ? "environments slowed down by each other" : "the bridge";
  }
}
