package io.gymbridge.cli;

import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.LearnedReward;
import io.gymbridge.learners.OnPolicy;
import io.gymbridge.learners.PolicyNetwork;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
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
      names = "--log",
      paramLabel = "FILE",
      description = "Write a line for every update there, as CSV: returns, losses, and so on.")
  @Nullable Path log;

  @Option(
      names = "--tensorboard",
      paramLabel = "DIR",
      description = "Write the same there for TensorBoard: `tensorboard --logdir DIR`.")
  @Nullable Path tensorboard;

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

  /**
   * Trains under a progress bar, evaluates, and writes the bundle.
   *
   * @param facts what else decides what is learned, for the bundle's provenance
   */
  Integer run(String algorithm, Record config, Map<String, Object> facts, Starter starter) {
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
    if (!environment.arguments.isEmpty()) {
      run.put("arguments", environment.arguments);
    }
    run.put("lanes", environment.numEnvs);
    run.put("steps", total);
    run.put("settings", Settings.describe(config));
    run.putAll(facts);
    if (training.demos != null) {
      run.put("demonstrations", training.demos.toString());
      run.put("trajectories", training.trajectories == null ? "all" : training.trajectories);
      run.put("subsample", training.subsample);
    }
    if (training.from != null) {
      run.put("from", training.from.toString());
    }
    if (saving.folder != null) {
      run.put("checkpoint_every", saving.every);
    }
    PolicyNetwork start = training.start();
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
          TrainingLog lines =
              new TrainingLog(log, tensorboard, learner.steps(), Clock.systemUTC())) {
        Diagnosis diagnosis = new Diagnosis(env.spec().actionSpace());
        while (!learner.done()) {
          long before = learner.steps();
          OnPolicy.Progress now = learner.round();
          lines.add(now);
          progress.stepTo(Math.min(total, now.steps()));
          progress.note(diagnosis.add(now));
          diagnosis.news().forEach(System.err::println);
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
      LearnedReward reward = learner.learnedReward();
      if (reward != null) {
        Evaluation learned = reward.evaluate(played);
        System.out.printf(
            Locale.ROOT, "learned reward: return %.2f ± %.2f%n", learned.mean(), learned.sd());
      }
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
}
