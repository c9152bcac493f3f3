package io.gymbridge.cli;

import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.LearnedReward;
import io.gymbridge.learners.OnPolicy;
import io.gymbridge.learners.PolicyNetwork;
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
  private static final long CHECKPOINT_EVERY = 100_000;

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
    long every = saving.every(CHECKPOINT_EVERY);
    Map<String, Object> run = training.facts(environment, config);
    run.put("steps", total);
    run.putAll(facts);
    if (saving.folder != null) {
      run.put("checkpoint_every", every);
    }
    PolicyNetwork start = training.start();
    Checkpoints checkpoints = saving.open(algorithm, environment.id, run);
    try (environment;
        VectorEnv env = environment.open();
        CheckpointEvaluator evaluator =
            new CheckpointEvaluator(algorithm, environment, saving, training.seed, checkpoints)) {
      OnPolicy learner = starter.start(env, total, start);
      evaluator.restore(learner);
      try (ProgressLine progress =
              new ProgressLine(algorithm, total, Math.min(total, learner.steps()));
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
          if (learner.done() || now.steps() / every > before / every) {
            evaluator.save(learner);
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
      run.put("sampled", Outputs.evaluation(sampled));
      training.finish(
          network, algorithm, env.spec(), run, played.get(0).observations(), Evaluation.of(played));
    }
    return Main.OK;
  }
}
