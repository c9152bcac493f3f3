package io.gymbridge.cli;

import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.data.NpzWriter;
import java.io.IOException;
import java.nio.file.Path;
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
      Evaluation evaluation = record(env, acting);
      System.out.printf(
          "%s: %d episodes, return %.2f ± %.2f%n",
          out, evaluation.episodes(), evaluation.mean(), evaluation.sd());
    }
    return Main.OK;
  }

  /** Plays the episodes and writes each as it ends, lane 0's first in the file. */
  private Evaluation record(VectorEnv env, Policy acting) throws IOException {
    if (episodes < 1) {
      throw new UserError("--episodes must be at least 1, got " + episodes);
    }
    Evaluation.Tally tally = new Evaluation.Tally();
    try (NpzWriter writer = new NpzWriter(out);
        ProgressLine progress = new ProgressLine("collecting", episodes)) {
      EpisodeLoop.play(
          env,
          (observations, active) -> acting.act(observations, !stochastic),
          episodes,
          seed,
          (lane, episode) -> {
            try {
              writer.add(lane, episode);
            } catch (IOException e) {
              throw new UserError("cannot write " + out + ": " + e.getMessage(), e);
            }
            tally.add(episode);
            progress.step();
          });
      writer.finish();
    }
    return tally.evaluation();
  }
}
