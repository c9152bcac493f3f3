package io.gymbridge.cli;

import io.gymbridge.learners.Airl;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Adversarial inverse reinforcement learning. */
@Command(
    name = "airl",
    mixinStandardHelpOptions = true,
    description = {
      "Adversarial inverse reinforcement learning: learns a policy and a reward from demonstrations.",
      "Its own actions are tried in the environment."
    },
    footer = {
      "",
      "Example:",
      "  gymbridge train airl --env CartPole-v1 --demos demos.npz --steps 200000 --out policy.zip"
    })
final class TrainAirlCommand implements Callable<Integer> {
  @Mixin final OnPolicyOptions options = new OnPolicyOptions();
  @Mixin final GeneratorOption generator = new GeneratorOption();
  @Mixin final RewardOutOption rewardOut = new RewardOutOption();

  @Override
  public Integer call() {
    Airl.Config defaults = Airl.Config.defaults();
    Airl.Config config =
        options.configure(
            "airl",
            defaults.withAdversarial(generator.of(options, "airl", defaults.adversarial())));
    return rewardOut.write(
        starter -> options.run("AIRL", config, Map.of(), starter),
        (env, steps, start) ->
            new Airl(config).start(env, options.training.demonstrations(env.spec()), steps, start));
  }
}
