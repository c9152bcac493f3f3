package io.gymbridge.policies;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
 * @param goldenObservations observations of the space, (K, …) with K ≥ {@value #MIN_GOLDEN}; for a
 *     recurrent policy consecutive steps of one episode, from its beginning
 * @param goldenActions the deterministic actions for these, (K, …), not clipped to the space
 * @param signature what the graph's inputs and outputs are; null for {@link Signature#byName}
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
    Value goldenObservations,
    NdArray goldenActions,
    @Nullable Signature signature) {
  /** Least number of golden observations. */
  public static final int MIN_GOLDEN = 8;

  public BundleManifest {
    network = Map.copyOf(network);
    provenance = Map.copyOf(provenance);
    int golden = batchSize(goldenObservations);
    int actions = batchSize(goldenActions);
    if (golden < MIN_GOLDEN || actions != golden) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "a bundle wants at least %d golden observations and as many actions, got %d and %d"
              .formatted(MIN_GOLDEN, golden, actions));
    }
  }

  private static int batchSize(Value golden) {
    try {
      return golden.batchSize();
    } catch (IllegalStateException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "golden observations and actions are batches, got " + golden,
          null,
          e);
    }
  }

  /** Of a policy whose graph has {@link Signature#byName}. */
  public BundleManifest(
      String name,
      String algorithm,
      String environment,
      Space observationSpace,
      Space actionSpace,
      boolean stochastic,
      Map<String, Object> network,
      Map<String, Object> provenance,
      Value goldenObservations,
      NdArray goldenActions) {
    this(
        name,
        algorithm,
        environment,
        observationSpace,
        actionSpace,
        stochastic,
        network,
        provenance,
        goldenObservations,
        goldenActions,
        null);
  }
}
