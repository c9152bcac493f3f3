package io.gymbridge.cli;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.TransitionSampler;
import io.gymbridge.data.DemonstrationReader;
import io.gymbridge.learners.LearnedReward;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows a learned reward. */
@Command(
    name = "plot-reward",
    mixinStandardHelpOptions = true,
    description = {
      "Draws a learned reward against the environment's own one over demonstrations, and where",
      "observations are two numbers, over all of them; prints how the two rewards correlate."
    },
    footer = {
      "",
      "Example:",
      "  gymbridge plot-reward --reward reward.zip --demos demos.npz --out reward.png"
    })
final class PlotRewardCommand implements Callable<Integer> {
  @Mixin final RewardOptions paying = new RewardOptions();

  @Option(
      names = "--demos",
      required = true,
      paramLabel = "FILE|DIR",
      description = "Demonstrations with the environment's rewards, of an expert or of anybody.")
  Path demos = Path.of("");

  @Option(names = "--out", paramLabel = "FILE", description = "The picture, a .png.")
  @Nullable Path out;

  @Override
  public Integer call() {
    Outputs.checkWritable(out);
    LearnedReward reward = paying.required();
    EnvSpec fitting =
        new EnvSpec(
            "the learned reward",
            reward.observationSpace(),
            reward.actionSpace(),
            0,
            OptionalDouble.empty(),
            Map.of());
    TransitionSampler all =
        new TransitionSampler(fitting.observationSpace(), fitting.actionSpace(), 1, 0);
    List<double[]> rewards = new ArrayList<>();
    try (DemonstrationReader reader = DemonstrationReader.open(demos, fitting)) {
      for (Trajectory next : reader.rest()) {
        all.add(next);
        rewards.add(next.rewards());
      }
    }
    double[] own = rewards.stream().flatMapToDouble(Arrays::stream).toArray();
    RewardPlot plot = new RewardPlot(reward, all.transitions(), own);
    System.out.printf(
        Locale.ROOT,
        "correlation of the learned reward with the environment's over %d transitions: %.3f%s%n",
        own.length,
        plot.correlation(),
        Double.isNaN(plot.correlation()) ? " (one of them is always the same)" : "");
    if (out != null) {
      try {
        Files.write(out, plot.toPng());
      } catch (IOException e) {
        throw new UserError("cannot write " + out + ": " + e.getMessage(), e);
      }
      System.out.println(out);
    }
    return Main.OK;
  }
}
