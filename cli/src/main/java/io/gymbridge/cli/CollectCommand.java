package io.gymbridge.cli;

import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.data.NpzDemonstrations;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Records demonstrations. */
@Command(
    name = "collect",
    mixinStandardHelpOptions = true,
    description = "Plays episodes with an expert and writes them as demonstrations.",
    footer = {
      "",
      "Example:",
      "  gymbridge collect --env Reacher-v5 --env-address unix:env.sock --expert unix:expert.sock --out demos.npz"
    })
final class CollectCommand implements Callable<Integer> {
  @Mixin final EnvironmentOptions environment = new EnvironmentOptions();

  @Option(
      names = "--expert",
      required = true,
      paramLabel = "ADDRESS[/NAME]|FILE",
      description = "A served policy, or a policy bundle.")
  String expert = "";

  @Option(
      names = "--episodes",
      defaultValue = "10",
      description = "How many. Default: ${DEFAULT-VALUE}.")
  int episodes = 10;

  @Option(
      names = "--seed",
      defaultValue = "0",
      description = "Copy i begins with SEED + i. Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(names = "--stochastic", description = "Sample the expert's actions.")
  boolean stochastic;

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "An .npz file.")
  Path out = Path.of("");

  @Override
  public Integer call() throws IOException {
    Outputs.checkWritable(out);
    try (environment;
        Policy acting = Policies.open(expert, seed, environment.credentials);
        VectorEnv env = environment.open(Math.min(environment.numEnvs, episodes))) {
      Policies.checkFits(acting, env.spec());
      List<Trajectory> played =
          Play.episodes("collecting", env, acting, !stochastic, episodes, seed);
      NpzDemonstrations.write(
          out, new Demonstrations(env.spec().observationSpace(), env.spec().actionSpace(), played));
      Evaluation evaluation = Evaluation.of(played);
      System.out.printf(
          "%s: %d episodes, return %.2f ± %.2f%n",
          out, played.size(), evaluation.mean(), evaluation.sd());
    }
    return Main.OK;
  }
}
