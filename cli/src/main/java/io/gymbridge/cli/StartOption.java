package io.gymbridge.cli;

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
          "Begin with the policy of a bundle, of the same spaces and with the hidden layers that the settings say.")
  @Nullable Path from;

  /** The network of the bundle; null without one. */
  @Nullable PolicyNetwork network() {
    return from == null ? null : PolicyNetwork.fromBundle(PolicyBundle.read(from));
  }
}
