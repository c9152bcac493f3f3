package io.gymbridge.cli;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.TransitionSampler;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.Value;
import io.gymbridge.data.DemonstrationReader;
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
      description =
          "Demonstrations: an .npz file, a folder of them, or a Minari data set's folder.")
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
      names = "--from",
      paramLabel = "FILE",
      description =
          "Begin with the policy of a bundle, of the same spaces and with the hidden layers that the settings say.")
  @Nullable Path from;

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

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the evaluation there, with the settings.")
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

  /** What a training is made from, beside its environment and algorithm. */
  Map<String, Object> facts(EnvironmentOptions environment, Record config) {
    Map<String, Object> facts = new LinkedHashMap<>();
    if (!environment.arguments.isEmpty()) {
      facts.put("arguments", environment.arguments);
    }
    facts.put("lanes", environment.numEnvs);
    facts.put("settings", Settings.describe(config));
    if (demos != null) {
      facts.put("demonstrations", demos.toString());
      facts.put("trajectories", trajectories == null ? "all" : trajectories);
      facts.put("subsample", subsample);
    }
    if (from != null) {
      facts.put("from", from.toString());
    }
    return facts;
  }

  /** The network that training begins with; null for random weights. */
  @Nullable PolicyNetwork start() {
    return from == null ? null : PolicyNetwork.fromBundle(PolicyBundle.read(from));
  }

  /** The demonstrations that were asked for; null without {@code --demos}. */
  @Nullable Transitions transitions(EnvSpec spec) {
    if (demos == null) {
      return null;
    }
    if ((trajectories != null && trajectories < 1) || subsample < 1) {
      throw new UserError("--trajectories and --subsample must be at least 1");
    }
    TransitionSampler sampler =
        new TransitionSampler(spec.observationSpace(), spec.actionSpace(), subsample, seed);
    int taken = 0;
    try (DemonstrationReader reader = DemonstrationReader.open(demos, spec)) {
      while (trajectories == null || taken < trajectories) {
        Trajectory trajectory = reader.next();
        if (trajectory == null) {
          break;
        }
        sampler.add(trajectory);
        taken++;
      }
      reader.notes().forEach(note -> System.err.println("  " + note));
    }
    if (trajectories != null && taken < trajectories) {
      throw new UserError(
          "asked for %d trajectories, there are %d in %s".formatted(trajectories, taken, demos));
    }
    try {
      Transitions transitions = sampler.transitions();
      System.err.printf(
          "  %d demonstrations, return %.2f ± %.2f; %d transitions are used%n",
          taken, sampler.evaluation().mean(), sampler.evaluation().sd(), transitions.size());
      return transitions;
    } catch (IllegalArgumentException e) {
      throw new UserError(demos + ": " + e.getMessage(), e);
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

  /**
   * Writes the bundle, whose golden examples come from {@code observations}, and as JSON the
   * evaluation with the provenance beside it.
   */
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
