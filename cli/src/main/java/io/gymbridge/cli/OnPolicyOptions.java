package io.gymbridge.cli;

import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.OnPolicy;
import io.gymbridge.learners.PolicyNetwork;
import java.nio.file.Path;
import java.time.Clock;
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

  @Option(
      names = "--tensorboard",
      paramLabel = "DIR",
      description = "Write the same there for TensorBoard: `tensorboard --logdir DIR`.")
  @Nullable Path tensorboard;

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
          TrainingLog lines = new TrainingLog(log, tensorboard, 0, Clock.systemUTC())) {
        Diagnosis diagnosis = new Diagnosis(env.spec().actionSpace());
        network =
            train.apply(
                env,
                now -> {
                  lines.add(now);
                  progress.stepTo(Math.min(steps, now.steps()));
                  progress.note(diagnosis.add(now));
                  diagnosis.news().forEach(System.err::println);
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
}
