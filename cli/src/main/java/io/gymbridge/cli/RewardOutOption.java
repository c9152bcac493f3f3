package io.gymbridge.cli;

import io.gymbridge.learners.LearnedReward;
import io.gymbridge.learners.OnPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where GAIL and AIRL write the reward that they learn. */
final class RewardOutOption {
  @Option(
      names = "--reward-out",
      paramLabel = "FILE",
      description =
          "Write the learned reward there, for `train ppo --reward`, `transfer` and `plot-reward`.")
  @Nullable Path file;

  /**
   * Runs a training, and writes what it has learned to pay.
   *
   * @param run runs what a starter starts
   */
  Integer write(Function<OnPolicyOptions.Starter, Integer> run, OnPolicyOptions.Starter starter) {
    Outputs.checkWritable(file);
    AtomicReference<@Nullable OnPolicy> learner = new AtomicReference<>();
    Integer code =
        run.apply(
            (env, steps, start) -> {
              OnPolicy training = starter.start(env, steps, start);
              learner.set(training);
              return training;
            });
    OnPolicy trained = learner.get();
    LearnedReward reward = trained == null ? null : trained.learnedReward();
    if (file == null || reward == null) {
      return code;
    }
    try {
      reward.write(file);
    } catch (IOException e) {
      throw new UserError("cannot write " + file + ": " + e.getMessage(), e);
    }
    System.out.printf("%s: the learned reward%n", file);
    return code;
  }
}
