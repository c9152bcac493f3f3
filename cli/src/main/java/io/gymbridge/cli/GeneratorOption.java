package io.gymbridge.cli;

import io.gymbridge.learners.AdversarialConfig;
import io.gymbridge.learners.Trpo;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What improves the policy of an adversarial learner. */
final class GeneratorOption {
  @Option(
      names = "--generator",
      paramLabel = "ppo|trpo",
      description = "What improves the policy; its settings go with --set. Default: ppo.")
  @Nullable String name;

  /** The defaults of GAIL or AIRL, with the generator that was asked for. */
  AdversarialConfig of(OnPolicyOptions options, String algorithm, AdversarialConfig defaults) {
    String chosen =
        name != null ? name : options.preset(algorithm).getOrDefault("generator", "ppo");
    return switch (chosen) {
      case "ppo" -> defaults;
      case "trpo" -> defaults.withGenerator(Trpo.Config.defaults());
      default -> throw new UserError("--generator " + chosen + ": expected ppo or trpo");
    };
  }
}
