package io.gymbridge.cli;

import io.gymbridge.learners.Trpo;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Trust region policy optimisation. */
@Command(
    name = "trpo",
    mixinStandardHelpOptions = true,
    description = {
      "Trust region policy optimisation: reinforcement learning on the environment's own reward,",
      "or on one that GAIL or AIRL learned."
    },
    footer = {
      "",
      "Example:",
      "  gymbridge train trpo --env CartPole-v1 --steps 100000 --out policy.zip"
    })
final class TrainTrpoCommand implements Callable<Integer> {
  @Mixin final OnPolicyOptions options = new OnPolicyOptions();
  @Mixin final RewardOptions paying = new RewardOptions();

  @Override
  public Integer call() {
    Trpo.Config config = options.configure("trpo", Trpo.Config.defaults());
    return options.run("TRPO", config, paying.facts(), paying.pay(new Trpo(config)::start));
  }
}
