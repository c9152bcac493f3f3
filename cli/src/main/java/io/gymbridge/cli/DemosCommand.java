package io.gymbridge.cli;

import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.data.DemonstrationReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks at demonstrations. */
@Command(
    name = "demos",
    mixinStandardHelpOptions = true,
    description =
        "Reads demonstrations, checks that they fit an environment, and says how many there are and how good.",
    footer = {"", "Example:", "  gymbridge demos demos.npz --env CartPole-v1"})
final class DemosCommand implements Callable<Integer> {
  @Mixin final EnvironmentOptions environment = new EnvironmentOptions();

  @Parameters(
      paramLabel = "FILE|DIR",
      description = "An .npz file, a Minari data set, or a folder of either.")
  Path demos = Path.of("");

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there.")
  @Nullable Path json;

  @Override
  public Integer call() {
    Outputs.checkWritable(json);
    List<Double> returns = new ArrayList<>();
    List<Integer> lengths = new ArrayList<>();
    try (environment;
        VectorEnv env = environment.open(1);
        DemonstrationReader reader = DemonstrationReader.open(demos, env.spec())) {
      for (Trajectory next = reader.next(); next != null; next = reader.next()) {
        returns.add(next.episodeReturn());
        lengths.add(next.length());
      }
      reader.notes().forEach(note -> System.err.println("  " + note));
    }
    Evaluation evaluation =
        new Evaluation(
            returns.stream().mapToDouble(Double::doubleValue).toArray(),
            lengths.stream().mapToInt(Integer::intValue).toArray());
    System.out.printf(
        "%s: %d episodes, return %s, length %.1f%n",
        demos,
        evaluation.episodes(),
        Double.isNaN(evaluation.mean())
            ? "unknown"
            : "%.2f ± %.2f".formatted(evaluation.mean(), evaluation.sd()),
        evaluation.lengthMean());
    Outputs.json(json, Outputs.evaluation(evaluation));
    return Main.OK;
  }
}
