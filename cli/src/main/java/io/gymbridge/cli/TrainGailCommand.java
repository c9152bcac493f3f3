package io.gymbridge.cli;

import io.gymbridge.learners.Gail;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Generative adversarial imitation learning. */
@Command(
    name = "gail",
    mixinStandardHelpOptions = true,
    description = {
      "Generative adversarial imitation learning: learns from demonstrations, without any reward,",
      "by being taken for the expert. Its own actions are tried in the environment."
    },
    footer = {
      "",
      "Example:",
      "  gymbridge train gail --env CartPole-v1 --demos demos.npz --steps 200000 --out policy.zip"
    })
final class TrainGailCommand implements Callable<Integer> {
  @Mixin final OnPolicyOptions options = new OnPolicyOptions();
  @Mixin final GeneratorOption generator = new GeneratorOption();
  @Mixin final RewardOutOption rewardOut = new RewardOutOption();

  @Override
  public Integer call() {
    Gail.Config defaults = Gail.Config.defaults();
    Gail.Config config =
        options.configure(
            "gail",
            defaults.withAdversarial(generator.of(options, "gail", defaults.adversarial())));
    return rewardOut.write(
        starter -> options.run("GAIL", config, Map.of(), starter),
        (env, steps, start) ->
            new Gail(config).start(env, options.training.demonstrations(env.spec()), steps, start));
  }
}
