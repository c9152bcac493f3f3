package io.gymbridge.cli;

import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.OnPolicy;
import io.gymbridge.learners.PolicyNetwork;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What PPO, TRPO, GAIL and AIRL have in common on the command line: they act while they learn. */
final class OnPolicyOptions {
  @Mixin final EnvironmentOptions environment = new EnvironmentOptions();
  @Mixin final TrainingOptions training = new TrainingOptions();

  @Option(
      names = "--steps",
      required = true,
      paramLabel = "N",
      description = "Steps of all copies of the environment together.")
  long steps;

  @Option(
      names = "--log",
      paramLabel = "FILE",
      description = "Write a line for every update there, as CSV: returns, losses, and so on.")
  @Nullable Path log;

  /** A learner's configuration with {@code --set} and {@code --seed} applied. */
  <R extends Record> R configure(R defaults) {
    Map<String, String> settings = new LinkedHashMap<>(training.settings);
    settings.put("seed", String.valueOf(training.seed));
    return Settings.apply(defaults, settings);
  }

  /** Trains under a progress bar, evaluates, and writes the bundle. */
  Integer run(
      String algorithm,
      Record config,
      BiFunction<VectorEnv, Consumer<OnPolicy.Progress>, PolicyNetwork> train) {
    training.check();
    Outputs.checkWritable(log);
    if (steps < 1) {
      throw new UserError("--steps must be at least 1, got " + steps);
    }
    try (environment;
        VectorEnv env = environment.open()) {
      PolicyNetwork network;
      try (ProgressLine progress = new ProgressLine(algorithm, steps);
          TrainingLog lines = new TrainingLog(log)) {
        network =
            train.apply(
                env,
                now -> {
                  progress.stepTo(Math.min(steps, now.steps()));
                  progress.note(lines.add(now));
                });
      }
      List<Trajectory> played;
      Evaluation sampled;
      try (Policy policy = network.toPolicy(training.seed)) {
        long seed = training.seed + 1_000_000;
        played = Play.episodes("evaluating", env, policy, true, training.episodes, seed);
        sampled = Play.evaluate("evaluating, sampled", env, policy, false, training.episodes, seed);
      }
      Value observations = played.get(0).observations();
      System.out.printf(
          Locale.ROOT, "sampled actions: return %.2f ± %.2f%n", sampled.mean(), sampled.sd());
      training.finish(
          network,
          algorithm,
          env.spec(),
          Map.of(
              "settings",
              Settings.describe(config),
              "steps",
              steps,
              "evaluation_sampled",
              Outputs.evaluation(sampled)),
          observations,
          Evaluation.of(played));
    }
    return Main.OK;
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
    private static String trouble(
        io.gymbridge.learners.Generator.Diagnostics policy, OnPolicy.Discrimination told) {
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
