package io.gymbridge.cli;

import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.DAgger;
import io.gymbridge.learners.PolicyNetwork;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** DAgger. */
@Command(
    name = "dagger",
    mixinStandardHelpOptions = true,
    description = {
      "DAgger: the learner acts, the expert says what it would have done, and the learner is trained on all that was",
      "ever said. With --demos it begins from demonstrations, with --from from a bundle's network.",
      "--set ensemble=3 asks only where three networks disagree, --set queryBudget=N at most N times."
    },
    footer = {
      "",
      "Example:",
      "  gymbridge train dagger --env Reacher-v5 --env-address unix:env.sock --expert unix:expert.sock \\",
      "      --out policy.zip --set rounds=20 --set episodesPerRound=8"
    })
final class TrainDaggerCommand implements Callable<Integer> {
  @Mixin final EnvironmentOptions environment = new EnvironmentOptions();
  @Mixin final TrainingOptions training = new TrainingOptions();
  @Mixin final CheckpointOptions saving = new CheckpointOptions();

  @Option(
      names = "--expert",
      required = true,
      paramLabel = "ADDRESS[/NAME]|FILE",
      description = "A served policy, or a policy bundle.")
  String expert = "";

  @Override
  public Integer call() {
    training.check();
    saving.check();
    DAgger.Config config = Settings.apply(DAgger.Config.defaults(), training.settings);
    config = config.withCloning(config.cloning().withSeed(training.seed));
    Map<String, Object> run = training.facts(environment, config);
    run.put("expert", expert);
    Checkpoints checkpoints = saving.open("DAgger", environment.id, run);
    try (environment;
        Policy teacher = Policies.open(expert, training.seed, environment.credentials);
        VectorEnv env = environment.open(Math.min(environment.numEnvs, config.episodesPerRound()));
        VectorEnv evaluationEnv =
            environment.open(Math.min(environment.numEnvs, training.episodes));
        CheckpointEvaluator evaluator =
            new CheckpointEvaluator("DAgger", environment, saving, training.seed, checkpoints)) {
      Policies.checkFits(teacher, env.spec());
      PolicyNetwork begin = training.start();
      Transitions demonstrations = training.transitions(env.spec());
      DAgger dagger = new DAgger(config, env, evaluationEnv, teacher, begin, round -> {});
      if (demonstrations != null) {
        dagger.add(demonstrations);
      }
      evaluator.restore(dagger);
      try (ProgressLine progress = new ProgressLine("DAgger", config.rounds(), dagger.rounds())) {
        long every = saving.every(1);
        while (!dagger.done()) {
          long before = dagger.steps();
          DAgger.Round round = dagger.round();
          progress.step();
          progress.note(note(round));
          if (dagger.done() || dagger.steps() / every > before / every) {
            evaluator.save(dagger);
          }
        }
        dagger.finish();
      }
      PolicyNetwork network = dagger.policy();
      Evaluation evaluation;
      try (Policy policy = network.toPolicy(training.seed)) {
        evaluation =
            Play.evaluate(
                "evaluating", evaluationEnv, policy, true, training.episodes, training.seed);
      }
      run.put("labels", (long) dagger.samples());
      run.put("states", dagger.queries().states());
      run.put("queries", dagger.queries().queries());
      run.put("cache_hits", dagger.queries().cacheHits());
      run.put("gated_share", dagger.queries().gatedShare());
      training.finish(network, "DAgger", env.spec(), run, dagger.visitedObservations(), evaluation);
    }
    return Main.OK;
  }

  private static String note(DAgger.Round round) {
    DAgger.Queries asked = round.queries();
    String hits = asked.cacheHits() == 0 ? "" : ", %d known".formatted(asked.cacheHits());
    String gated =
        asked.gatedShare() == 0 ? "" : ", %.0f%% not asked".formatted(100 * asked.gatedShare());
    return "%d queries%s%s, return %.2f"
        .formatted(asked.queries(), hits, gated, round.evaluation().mean());
  }
}
