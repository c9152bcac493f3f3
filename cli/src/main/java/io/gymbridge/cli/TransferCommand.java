package io.gymbridge.cli;

import io.gymbridge.learners.LearnedReward;
import io.gymbridge.learners.Ppo;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Trains on a reward that AIRL learned elsewhere. */
@Command(
    name = "transfer",
    mixinStandardHelpOptions = true,
    description = {
      "Trains a policy by PPO on nothing but the reward that AIRL learned, in an environment whose",
      "dynamics are others, and reports what the policy is worth by the environment's own reward."
    },
    footer = {
      "",
      "Example:",
      "  gymbridge train airl --env gymbridge/PointMaze-v0 --env-arg velocity=false \\",
      "      --env-arg start=anywhere --preset PointMaze-v0 --demos demos.npz --out policy.zip \\",
      "      --reward-out reward.zip",
      "  gymbridge transfer --env gymbridge/PointMaze-v0 --env-arg velocity=false \\",
      "      --env-arg start=anywhere --env-arg gap=right --preset PointMaze-v0 \\",
      "      --reward reward.zip --out transferred.zip"
    })
final class TransferCommand implements Callable<Integer> {
  @Mixin final OnPolicyOptions options = new OnPolicyOptions();
  @Mixin final RewardOptions paying = new RewardOptions();

  @Override
  public Integer call() {
    LearnedReward reward = paying.required();
    if (!reward.form().isAirl()) {
      throw new UserError(
          "%s is GAIL's: it tells the expert's movements from others, which are others where the dynamics are; train airl"
              .formatted(paying.file));
    }
    if (!reward.stateOnly()) {
      System.err.println(
          "  the reward depends on more than the state, and may not carry over: learn it with"
              + " --set stateOnly=true, and leave --reward-form unshaped");
    }
    Ppo.Config config = options.configure("ppo", Ppo.Config.defaults());
    return options.run("PPO", config, paying.facts(), paying.pay(new Ppo(config)::start));
  }
}
