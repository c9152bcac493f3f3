package io.gymbridge.cli;

import io.gymbridge.learners.Ppo;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Proximal policy optimisation. */
@Command(
    name = "ppo",
    mixinStandardHelpOptions = true,
    description = {
      "Proximal policy optimisation: reinforcement learning on the environment's own reward,",
      "or on one that GAIL or AIRL learned."
    },
    footer = {
      "",
      "Example:",
      "  gymbridge train ppo --env CartPole-v1 --steps 100000 --out policy.zip"
    })
final class TrainPpoCommand implements Callable<Integer> {
  @Mixin final OnPolicyOptions options = new OnPolicyOptions();
  @Mixin final RewardOptions paying = new RewardOptions();

  @Override
  public Integer call() {
    Ppo.Config config = options.configure("ppo", Ppo.Config.defaults());
    return options.run("PPO", config, paying.facts(), paying.pay(new Ppo(config)::start));
  }
}
