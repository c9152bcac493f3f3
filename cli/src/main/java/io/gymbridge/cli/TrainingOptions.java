package io.gymbridge.cli;

import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.Value;
import io.gymbridge.data.NpzDemonstrations;
import io.gymbridge.learners.PolicyNetwork;
import io.gymbridge.policies.PolicyBundle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What all trainings have in common. */
final class TrainingOptions {
  @Option(
      names = "--demos",
      paramLabel = "FILE|DIR",
      description = "Demonstrations: an .npz file, or a folder of them.")
  @Nullable Path demos;

  @Option(
      names = "--trajectories",
      paramLabel = "N",
      description = "Take only the first N demonstrations.")
  @Nullable Integer trajectories;

  @Option(
      names = "--subsample",
      paramLabel = "K",
      defaultValue = "1",
      description =
          "Keep each K-th transition, from a random offset in each trajectory. Default: all.")
  int subsample = 1;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The bundle to write, a .zip.")
  Path out = Path.of("");

  @Option(
      names = "--seed",
      defaultValue = "0",
      description =
          "Of everything random: the same seed, the same policy. Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "A setting of the algorithm, several times if need be; a wrong key lists them all.")
  Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--episodes",
      defaultValue = "20",
      description =
          "Deterministic episodes to evaluate the result with. Default: ${DEFAULT-VALUE}.")
  int episodes = 20;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the evaluation there.")
  @Nullable Path json;

  private long begun;

  /** Refuses what would fail at the end, before the beginning. */
  void check() {
    begun = System.nanoTime();
    Outputs.checkWritable(out);
    Outputs.checkWritable(json);
    if (!out.toString().endsWith(".zip")) {
      throw new UserError("--out " + out + ": a bundle's name ends with .zip");
    }
    if (episodes < 1) {
      throw new UserError("--episodes must be at least 1, got " + episodes);
    }
  }

  /** The demonstrations that were asked for; null without {@code --demos}. */
  @Nullable Transitions transitions(EnvSpec spec) {
    if (demos == null) {
      return null;
    }
    NpzDemonstrations.Loaded loaded =
        NpzDemonstrations.read(demos, spec.observationSpace(), spec.actionSpace());
    if (loaded.clippedActions() > 0) {
      System.err.printf(
          "  %d actions lay outside the action space and were moved to its bounds%n",
          loaded.clippedActions());
    }
    Demonstrations all = loaded.demonstrations();
    try {
      Demonstrations chosen = trajectories == null ? all : all.limit(trajectories);
      Transitions transitions = chosen.subsample(subsample, seed);
      System.err.printf(
          "  %d demonstrations, return %.2f ± %.2f; %d transitions are used%n",
          chosen.trajectories().size(),
          chosen.evaluation().mean(),
          chosen.evaluation().sd(),
          transitions.size());
      return transitions;
    } catch (IllegalArgumentException e) {
      throw new UserError(e.getMessage() + " in " + demos, e);
    }
  }

  /** The demonstrations, without which there is nothing to learn from. */
  Transitions demonstrations(EnvSpec spec) {
    Transitions transitions = transitions(spec);
    if (transitions == null) {
      throw new UserError(
          "--demos is missing: `gymbridge collect` records demonstrations of an expert");
    }
    return transitions;
  }

  /** Writes the bundle, whose golden examples come from {@code observations}, and the figures. */
  void finish(
      PolicyNetwork network,
      String algorithm,
      EnvSpec spec,
      Map<String, Object> provenance,
      Value observations,
      Evaluation evaluation) {
    Map<String, Object> all = new LinkedHashMap<>(provenance);
    all.put("seed", seed);
    all.put("evaluation", Outputs.evaluation(evaluation));
    String name = String.valueOf(out.getFileName()).replaceFirst("\\.zip$", "");
    PolicyBundle bundle = network.toBundle(name, algorithm, spec.id(), all, observations);
    try {
      bundle.write(out);
    } catch (IOException e) {
      throw new UserError("cannot write " + out + ": " + e.getMessage(), e);
    }
    System.out.printf(
        "%s: return %.2f ± %.2f over %d episodes, length %.1f%n",
        out, evaluation.mean(), evaluation.sd(), evaluation.episodes(), evaluation.lengthMean());
    Map<String, Object> results = Outputs.evaluation(evaluation);
    results.put("algorithm", algorithm);
    results.put("environment", spec.id());
    results.put("seed", seed);
    results.putAll(provenance);
    results.put("seconds", Math.round((System.nanoTime() - begun) / 1e8) / 10.0);
    Outputs.json(json, results);
  }
}
