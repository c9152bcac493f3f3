package io.gymbridge.cli;

import io.gymbridge.learners.LearnedReward;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A learned reward that is there already. */
final class RewardOptions {
  @Option(
      names = "--reward",
      paramLabel = "FILE",
      description = "A reward that `train gail` or `train airl` learned, see their --reward-out.")
  @Nullable Path file;

  @Option(
      names = "--reward-form",
      paramLabel = "FORM",
      description =
          "Which function of its networks: of AIRL's unshaped (g, the default) or shaped (f), of GAIL's positive, negative "
              + "or logit, by default as it was learned.")
  LearnedReward.@Nullable Form form;

  /** Null without {@code --reward}. */
  @Nullable LearnedReward read() {
    if (file == null) {
      if (form != null) {
        throw new UserError("--reward-form wants --reward FILE");
      }
      return null;
    }
    LearnedReward reward = LearnedReward.read(file);
    return form == null ? reward : reward.withForm(form);
  }

  /** For the provenance of what is trained on it. */
  Map<String, Object> facts() {
    LearnedReward reward = read();
    return reward == null
        ? Map.of()
        : Map.of("reward", String.valueOf(file), "reward_form", String.valueOf(reward.form()));
  }

  /** The same training, paid by the reward where there is one. */
  OnPolicyOptions.Starter pay(OnPolicyOptions.Starter starter) {
    LearnedReward reward = read();
    return reward == null
        ? starter
        : (env, steps, start) -> starter.start(env, steps, start).paidBy(reward);
  }

  /** The reward, without which there is nothing to do. */
  LearnedReward required() {
    LearnedReward reward = read();
    if (reward == null) {
      throw new UserError(
          "--reward is missing: `gymbridge train airl --reward-out FILE` writes one");
    }
    return reward;
  }
}
