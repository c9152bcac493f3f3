package io.gymbridge.cli;

import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.VectorEnv;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Plays episodes with a policy. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    description = "Plays seeded episodes with a policy and prints the mean return.",
    footer = {
      "",
      "Examples:",
      "  gymbridge evaluate --policy policy.zip --env HalfCheetah-v5 --env-address unix:env.sock",
      "  gymbridge evaluate --policy 127.0.0.1:50052/cheetah --env HalfCheetah-v5 --episodes 50 --json result.json"
    })
final class EvaluateCommand implements Callable<Integer> {
  @Mixin final EnvironmentOptions environment = new EnvironmentOptions();

  @Option(
      names = "--policy",
      required = true,
      paramLabel = "FILE|ADDRESS/NAME|random",
      description = "A policy bundle, a served policy, or \"random\" for random actions.")
  String policy = "";

  @Option(
      names = "--episodes",
      defaultValue = "20",
      description = "How many. Default: ${DEFAULT-VALUE}.")
  int episodes = 20;

  @Option(
      names = "--seed",
      defaultValue = "0",
      description = "Copy i begins with SEED + i. Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(
      names = "--stochastic",
      description = "Sample the actions instead of taking the most likely ones.")
  boolean stochastic;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there.")
  @Nullable Path json;

  @Override
  public Integer call() {
    Outputs.checkWritable(json);
    Evaluation evaluation;
    try (environment;
        VectorEnv env = environment.open(Math.min(environment.numEnvs, episodes));
        Policy acting =
            policy.equals("random")
                ? RandomActions.of(env.spec(), seed)
                : Policies.open(policy, seed, environment.credentials)) {
      Policies.checkFits(acting, env.spec());
      evaluation = Play.evaluate("evaluating", env, acting, !stochastic, episodes, seed);
    }
    System.out.printf(
        "%s: return %.2f ± %.2f over %d episodes, length %.1f%n",
        environment.id,
        evaluation.mean(),
        evaluation.sd(),
        evaluation.episodes(),
        evaluation.lengthMean());
    Outputs.json(json, Outputs.evaluation(evaluation));
    return Main.OK;
  }
}
