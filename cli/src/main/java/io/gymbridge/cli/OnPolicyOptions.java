package io.gymbridge.cli;

import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.Generator;
import io.gymbridge.learners.OnPolicy;
import io.gymbridge.learners.PolicyNetwork;
import io.gymbridge.policies.PolicyBundle;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What PPO, TRPO, GAIL and AIRL have in common on the command line: they act while they learn. */
final class OnPolicyOptions {
  @Mixin final EnvironmentOptions environment = new EnvironmentOptions();
  @Mixin final TrainingOptions training = new TrainingOptions();

  @Mixin final CheckpointOptions saving = new CheckpointOptions();

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Steps of all copies of the environment together; must be given, here or by --preset.")
  @Nullable Long steps;

  @Option(
      names = "--preset",
      paramLabel = "ID|FILE",
      description =
          "Settings and steps that were found to work, of an environment or from a file of KEY=VALUE lines; --set and "
              + "--steps are stronger.")
  @Nullable String preset;

  @Option(
      names = "--from",
      paramLabel = "FILE",
      description = "Begin with the policy of this bundle, of behavioural cloning for instance.")
  @Nullable Path from;

  @Option(
      names = "--log",
      paramLabel = "FILE",
      description = "Write a line for every update there, as CSV: returns, losses, and so on.")
  @Nullable Path log;

  /** Makes a training of what it begins with. */
  interface Starter {
    OnPolicy start(VectorEnv env, long steps, @Nullable PolicyNetwork start);
  }

  /** A learner's configuration with preset, {@code --set} and {@code --seed} applied. */
  <R extends Record> R configure(String algorithm, R defaults) {
    Map<String, String> settings = preset(algorithm);
    String given = settings.remove("steps");
    settings.remove("generator");
    if (steps == null && given != null) {
      try {
        steps = Long.parseLong(given);
      } catch (NumberFormatException e) {
        throw new UserError("--preset " + preset + ": steps=" + given + " is no number", e);
      }
    }
    settings.putAll(training.settings);
    settings.put("seed", String.valueOf(training.seed));
    return Settings.apply(defaults, settings);
  }

  /** What the preset says, nothing without one. */
  Map<String, String> preset(String algorithm) {
    return preset == null ? new LinkedHashMap<>() : Presets.read(algorithm, preset);
  }

  /** Trains under a progress bar, evaluates, and writes the bundle. */
  Integer run(String algorithm, Record config, Starter starter) {
    training.check();
    saving.check();
    Outputs.checkWritable(log);
    if (steps == null || steps < 1) {
      throw new UserError(
          steps == null
              ? "--steps is missing: how long to train"
              : "--steps must be at least 1, got " + steps);
    }
    long total = steps;
    Map<String, Object> run = new LinkedHashMap<>();
    run.put("algorithm", algorithm);
    run.put("environment", environment.id);
    run.put("lanes", environment.numEnvs);
    run.put("steps", total);
    run.put("settings", Settings.describe(config));
    if (training.demos != null) {
      run.put("demonstrations", training.demos.toString());
      run.put("trajectories", training.trajectories == null ? "all" : training.trajectories);
      run.put("subsample", training.subsample);
    }
    if (from != null) {
      run.put("from", from.toString());
    }
    if (saving.folder != null) {
      run.put("checkpoint_every", saving.every);
    }
    PolicyNetwork start = from == null ? null : PolicyNetwork.fromBundle(PolicyBundle.read(from));
    Checkpoints checkpoints =
        saving.folder == null
            ? null
            : Checkpoints.open(saving.folder, saving.keep, run, saving.resume);
    try (environment;
        VectorEnv env = environment.open();
        Evaluator evaluator = new Evaluator(algorithm, checkpoints)) {
      OnPolicy learner = starter.start(env, total, start);
      if (checkpoints != null) {
        checkpoints.restore(learner);
      }
      try (ProgressLine progress = new ProgressLine(algorithm, total);
          TrainingLog lines = new TrainingLog(log)) {
        while (!learner.done()) {
          long before = learner.steps();
          OnPolicy.Progress now = learner.round();
          progress.stepTo(Math.min(total, now.steps()));
          progress.note(lines.add(now));
          if (checkpoints != null
              && (learner.done() || now.steps() / saving.every > before / saving.every)) {
            evaluator.evaluate(learner);
            checkpoints.save(learner);
          }
        }
      }
      PolicyNetwork network = learner.policy();
      List<Trajectory> played;
      Evaluation sampled;
      try (Policy policy = network.toPolicy(training.seed)) {
        long seed = training.seed + 1_000_000;
        played = Play.episodes("evaluating", env, policy, true, training.episodes, seed);
        sampled = Play.evaluate("evaluating, sampled", env, policy, false, training.episodes, seed);
      }
      System.out.printf(
          Locale.ROOT, "sampled actions: return %.2f ± %.2f%n", sampled.mean(), sampled.sd());
      run.remove("algorithm");
      run.remove("environment");
      run.put("sampled", Outputs.evaluation(sampled));
      training.finish(
          network, algorithm, env.spec(), run, played.get(0).observations(), Evaluation.of(played));
    }
    return Main.OK;
  }

  /** Finds the best policy on the way, in environments of its own. */
  private final class Evaluator implements AutoCloseable {
    private final String algorithm;
    private final @Nullable Checkpoints checkpoints;
    private final @Nullable VectorEnv env;

    Evaluator(String algorithm, @Nullable Checkpoints checkpoints) {
      this.algorithm = algorithm;
      this.checkpoints = checkpoints;
      this.env =
          checkpoints == null || saving.episodes == 0
              ? null
              : environment.open(Math.min(environment.numEnvs, saving.episodes));
    }

    void evaluate(OnPolicy learner) {
      if (checkpoints == null || env == null) {
        return;
      }
      List<Trajectory> played;
      try (Policy policy = learner.policy().toPolicy(0)) {
        played =
            EpisodeLoop.play(
                env, policy, true, saving.episodes, training.seed + 2_000_000, episode -> {});
      }
      Evaluation evaluation = Evaluation.of(played);
      if (checkpoints.evaluated(learner.steps(), evaluation.mean(), evaluation.sd())) {
        try {
          learner
              .policy()
              .toBundle(
                  "best",
                  algorithm,
                  env.spec().id(),
                  Map.of(
                      "seed",
                      training.seed,
                      "steps",
                      learner.steps(),
                      "evaluation",
                      Outputs.evaluation(evaluation)),
                  played.get(0).observations())
              .write(checkpoints.best());
        } catch (IOException e) {
          throw new UserError("cannot write " + checkpoints.best() + ": " + e.getMessage(), e);
        }
      }
    }

    @Override
    public void close() {
      if (env != null) {
        env.close();
      }
    }
  }

  /** Lines of CSV, and the text that the progress bar shows. */
  private static final class TrainingLog implements AutoCloseable {
    private final @Nullable PrintWriter writer;
    private double meanReturn = Double.NaN;

    TrainingLog(@Nullable Path file) {
      try {
        writer =
            file == null
                ? null
                : new PrintWriter(Files.newBufferedWriter(file, StandardCharsets.UTF_8), true);
      } catch (IOException e) {
        throw new UserError("cannot write " + file + ": " + e.getMessage(), e);
      }
      if (writer != null) {
        writer.println(
            "steps,updates,episodes,mean_return,mean_length,policy_loss,value_loss,entropy,"
                + "divergence,clip_fraction,explained_variance,discriminator_loss,"
                + "expert_accuracy,generator_accuracy,expert_logit,generator_logit,"
                + "mean_reward,reward_std");
      }
    }

    String add(OnPolicy.Progress now) {
      var policy = now.diagnostics();
      var told = now.discrimination();
      if (writer != null) {
        writer.printf(
            Locale.ROOT,
            "%d,%d,%d,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g%n",
            now.steps(),
            now.updates(),
            now.episodes(),
            now.meanReturn(),
            now.meanLength(),
            policy.policyLoss(),
            policy.valueLoss(),
            policy.entropy(),
            policy.divergence(),
            policy.clipFraction(),
            policy.explainedVariance(),
            told.loss(),
            told.expertAccuracy(),
            told.generatorAccuracy(),
            told.expertLogit(),
            told.generatorLogit(),
            told.meanReward(),
            told.rewardStd());
      }
      if (now.episodes() > 0) {
        meanReturn = now.meanReturn();
      }
      return "return %.1f, %s".formatted(meanReturn, trouble(policy, told));
    }

    /** What is likely to be wrong, or else the entropy. */
    private static String trouble(Generator.Diagnostics policy, OnPolicy.Discrimination told) {
      if (Math.min(told.expertAccuracy(), told.generatorAccuracy()) > 0.99) {
        return "the discriminator wins: accuracy %.2f"
            .formatted(Math.min(told.expertAccuracy(), told.generatorAccuracy()));
      }
      if (policy.divergence() > 0.1) {
        return "large updates: KL %.2f".formatted(policy.divergence());
      }
      return "entropy %.2f".formatted(policy.entropy());
    }

    @Override
    public void close() {
      if (writer != null) {
        writer.close();
      }
    }
  }
}
