package io.gymbridge.cli;

import io.gymbridge.learners.OnPolicy;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One quantity that is logged after every update.
 *
 * @param column its name in CSV
 * @param tag its name in TensorBoard, "group/name"
 * @param of its value; NaN where there is none
 */
record Measure(String column, String tag, ToDoubleFunction<OnPolicy.Progress> of) {

  /** All but {@code steps} and {@code updates}, in the order of the columns. */
  static final List<Measure> ALL =
      List.of(
          new Measure("episodes", "rollout/episodes", OnPolicy.Progress::episodes),
          new Measure("mean_return", "rollout/mean_return", OnPolicy.Progress::meanReturn),
          new Measure("mean_length", "rollout/mean_length", OnPolicy.Progress::meanLength),
          new Measure("policy_loss", "train/policy_loss", now -> now.diagnostics().policyLoss()),
          new Measure("value_loss", "train/value_loss", now -> now.diagnostics().valueLoss()),
          new Measure("entropy", "train/entropy", now -> now.diagnostics().entropy()),
          new Measure("divergence", "train/divergence", now -> now.diagnostics().divergence()),
          new Measure(
              "clip_fraction", "train/clip_fraction", now -> now.diagnostics().clipFraction()),
          new Measure(
              "explained_variance",
              "train/explained_variance",
              now -> now.diagnostics().explainedVariance()),
          new Measure(
              "discriminator_loss", "discriminator/loss", now -> now.discrimination().loss()),
          new Measure(
              "expert_accuracy",
              "discriminator/accuracy_expert",
              now -> now.discrimination().expertAccuracy()),
          new Measure(
              "generator_accuracy",
              "discriminator/accuracy_generator",
              now -> now.discrimination().generatorAccuracy()),
          new Measure(
              "expert_logit",
              "discriminator/logit_expert",
              now -> now.discrimination().expertLogit()),
          new Measure(
              "generator_logit",
              "discriminator/logit_generator",
              now -> now.discrimination().generatorLogit()),
          new Measure(
              "mean_reward", "learned_reward/mean", now -> now.discrimination().meanReward()),
          new Measure("reward_std", "learned_reward/std", now -> now.discrimination().rewardStd()));
}
