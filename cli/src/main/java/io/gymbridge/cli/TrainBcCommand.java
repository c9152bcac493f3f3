package io.gymbridge.cli;

import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.BehavioralCloning;
import io.gymbridge.learners.PolicyNetwork;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Behavioral Cloning. */
@Command(
    name = "bc",
    mixinStandardHelpOptions = true,
    description = {
      "Behavioral Cloning: learns the expert's actions from demonstrations, by maximum likelihood",
      "(--set loss=mse: by least squares).",
      "The environment serves to check the demonstrations and to evaluate the result."
    },
    footer = {
      "",
      "Example:",
      "  gymbridge train bc --env CartPole-v1 --demos demos.npz --out policy.zip --set hidden=64-64"
    })
final class TrainBcCommand implements Callable<Integer> {
  @Mixin final EnvironmentOptions environment = new EnvironmentOptions();
  @Mixin final TrainingOptions training = new TrainingOptions();

  @Override
  public Integer call() {
    training.check();
    BehavioralCloning.Config config =
        Settings.apply(BehavioralCloning.Config.defaults(), training.settings)
            .withSeed(training.seed);
    try (environment;
        VectorEnv env = environment.open(Math.min(environment.numEnvs, training.episodes))) {
      PolicyNetwork begin = training.start();
      Transitions demonstrations = training.demonstrations(env.spec());
      PolicyNetwork network;
      try (ProgressLine progress = new ProgressLine("cloning", config.steps())) {
        network =
            new BehavioralCloning(
                    config,
                    now -> {
                      progress.stepTo(now.step());
                      progress.note(
                          "loss %.3f, held out %.3f".formatted(now.trainLoss(), now.heldOutLoss()));
                    })
                .train(demonstrations, begin);
      }
      Evaluation evaluation;
      try (Policy policy = network.toPolicy(training.seed)) {
        evaluation =
            Play.evaluate("evaluating", env, policy, true, training.episodes, training.seed);
      }
      training.finish(
          network,
          "BehavioralCloning",
          env.spec(),
          Map.of(
              "settings", Settings.describe(config), "transitions", (long) demonstrations.size()),
          demonstrations.observations(),
          evaluation);
    }
    return Main.OK;
  }
}
