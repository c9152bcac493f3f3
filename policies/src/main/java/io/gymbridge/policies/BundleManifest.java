package io.gymbridge.policies;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.util.Map;

/**
 * What a policy bundle says of itself.
 *
 * @param name chosen by whoever trained it
 * @param algorithm that trained it, e.g. {@code DAgger}
 * @param environment Gymnasium's id of what it was trained on
 * @param observationSpace of a single observation
 * @param actionSpace of a single action
 * @param stochastic whether the graph gives a distribution, beside the deterministic actions
 * @param network description of the network, and what is needed beside its weights to train on;
 *     plain JSON values
 * @param provenance how it came about: hyperparameters, seeds, data, versions; plain JSON values
 * @param goldenObservations real observations, (K, …) with K ≥ {@value #MIN_GOLDEN}
 * @param goldenActions the deterministic actions for these, (K, …)
 */
public record BundleManifest(
    String name,
    String algorithm,
    String environment,
    Space observationSpace,
    Space actionSpace,
    boolean stochastic,
    Map<String, Object> network,
    Map<String, Object> provenance,
    NdArray goldenObservations,
    NdArray goldenActions) {
  /** Least number of golden observations. */
  public static final int MIN_GOLDEN = 8;

  public BundleManifest {
    network = Map.copyOf(network);
    provenance = Map.copyOf(provenance);
    if (goldenObservations.shape().length == 0 || goldenActions.shape().length == 0) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "golden observations and actions are batches, got %s and %s"
              .formatted(goldenObservations, goldenActions));
    }
    int golden = goldenObservations.batchSize();
    if (golden < MIN_GOLDEN || goldenActions.batchSize() != golden) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "a bundle wants at least %d golden observations and as many actions, got %d and %d"
              .formatted(MIN_GOLDEN, golden, goldenActions.batchSize()));
    }
  }
}
