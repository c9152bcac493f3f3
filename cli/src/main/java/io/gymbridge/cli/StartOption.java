package io.gymbridge.cli;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.learners.PolicyNetwork;
import io.gymbridge.policies.PolicyBundle;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a training begins with. */
final class StartOption {
  @Option(
      names = "--from",
      paramLabel = "FILE",
      description =
          "Train a bundle's network further, which must be of the same spaces; its hidden layers are taken over.")
  @Nullable Path from;

  private @Nullable PolicyNetwork read;

  /** The network of {@code --from}; null without. */
  @Nullable PolicyNetwork network() {
    if (from != null && read == null) {
      read = PolicyNetwork.fromBundle(PolicyBundle.read(from));
    }
    return read;
  }

  /** The hidden layers to begin with, which settings may still contradict. */
  PolicyNetwork.Architecture architecture(PolicyNetwork.Architecture otherwise) {
    PolicyNetwork network = network();
    return network == null ? otherwise : network.architecture();
  }

  /**
   * The network of {@code --from}, or a new one.
   *
   * @param architecture that the settings ask for
   * @param seed of a new network's weights
   * @throws UserError if that of {@code --from} has other spaces or another architecture
   */
  PolicyNetwork network(EnvSpec spec, PolicyNetwork.Architecture architecture, long seed) {
    PolicyNetwork network = network();
    if (network == null) {
      return PolicyNetwork.create(spec.observationSpace(), spec.actionSpace(), architecture, seed);
    }
    if (!network.observationSpace().equals(spec.observationSpace())
        || !network.actionSpace().equals(spec.actionSpace())) {
      throw new UserError(
          "--from %s: it answers observations in %s with actions in %s, but %s has %s and %s: it was made for another environment"
              .formatted(
                  from,
                  network.observationSpace(),
                  network.actionSpace(),
                  spec.id(),
                  spec.observationSpace(),
                  spec.actionSpace()));
    }
    if (!network.architecture().equals(architecture)) {
      throw new UserError(
          "--from %s: its hidden layers are %s, but the settings ask for %s: leave hidden and activation out"
              .formatted(from, network.architecture(), architecture));
    }
    return network;
  }
}
