package io.gymbridge.cli;

import io.gymbridge.core.Box;
import io.gymbridge.core.Space;
import io.gymbridge.learners.OnPolicy.Progress;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Function;

/**
 * One reason why nothing is learned: how it shows in an update, its name, and the setting to
 * change. A comparison with NaN is false, so that what does not apply never holds.
 *
 * @param name of it, without figures
 * @param shows whether an update shows it, given how training began
 * @param figures that show it, for people
 * @param advice what to change
 */
record Trouble(
    String name,
    BiPredicate<Progress, Beginning> shows,
    Function<Progress, String> figures,
    String advice) {

  /**
   * What later updates are compared with.
   *
   * @param actions the action space
   * @param meanReturn of the first episodes that ended; NaN where none has
   * @param meanLength of these
   */
  record Beginning(Space actions, double meanReturn, double meanLength) {}

  /** The rules, the most telling first; docs/learners.md has the same. */
  static final List<Trouble> ALL =
      List.of(
          new Trouble(
              "no reward signal",
              (now, beginning) -> now.discrimination().rewardStd() < 1e-3,
              now -> "learned reward's deviation %.1e".formatted(now.discrimination().rewardStd()),
              "raise discriminatorUpdates or discriminatorLearningRate; a reward from a file says"
                  + " nothing here"),
          new Trouble(
              "the discriminator wins",
              (now, beginning) ->
                  Math.min(
                          now.discrimination().expertAccuracy(),
                          now.discrimination().generatorAccuracy())
                      > 0.99,
              now ->
                  "accuracy %.2f"
                      .formatted(
                          Math.min(
                              now.discrimination().expertAccuracy(),
                              now.discrimination().generatorAccuracy())),
              "lower discriminatorUpdates or discriminatorLearningRate"),
          new Trouble(
              "episodes end early",
              (now, beginning) ->
                  now.meanLength() < 0.5 * beginning.meanLength()
                      && now.meanReturn() <= beginning.meanReturn(),
              now -> "length %.1f".formatted(now.meanLength()),
              "the reward's sign may pay for ending: set reward=positive, or absorbing=true"),
          new Trouble(
              "policy has collapsed",
              (now, beginning) ->
                  decided(now, beginning.actions()) && now.meanReturn() <= beginning.meanReturn(),
              now -> "entropy %.2f".formatted(now.diagnostics().entropy()),
              "raise entropyWeight, or lower learningRate"),
          new Trouble(
              "updates too large",
              (now, beginning) ->
                  now.diagnostics().divergence() > 0.05 || now.diagnostics().clipFraction() > 0.3,
              now ->
                  "KL %.2f, clip fraction %.2f"
                      .formatted(now.diagnostics().divergence(), now.diagnostics().clipFraction()),
              "lower learningRate or epochs, or set targetDivergence"),
          new Trouble(
              "policy does not move",
              (now, beginning) -> now.diagnostics().divergence() < 1e-7,
              now -> "KL %.1e".formatted(now.diagnostics().divergence()),
              "raise learningRate; with TRPO, rolloutSteps"),
          new Trouble(
              "values explain nothing",
              (now, beginning) -> now.diagnostics().explainedVariance() < -0.1,
              now -> "explained variance %.2f".formatted(now.diagnostics().explainedVariance()),
              "raise rolloutSteps, or epochs; keep normaliseRewards on"),
          new Trouble(
              "the discriminator is blind",
              (now, beginning) ->
                  Math.abs(now.discrimination().expertAccuracy() - 0.5) < 0.05
                      && Math.abs(now.discrimination().generatorAccuracy() - 0.5) < 0.05
                      && now.discrimination().rewardStd() < 0.1,
              now ->
                  "accuracy %.2f, reward's deviation %.2f"
                      .formatted(
                          now.discrimination().expertAccuracy(), now.discrimination().rewardStd()),
              "fine where the return is the expert's; otherwise raise discriminatorUpdates or"
                  + " discriminatorHidden"));

  /** Whether next to nothing is left to chance: per component for continuous actions. */
  private static boolean decided(Progress now, Space actions) {
    double entropy = now.diagnostics().entropy();
    return actions instanceof Box box ? entropy / box.flatSize() < -3 : entropy < 0.02;
  }

  /** Name and figures, such as "the discriminator wins: accuracy 1.00". */
  String in(Progress now) {
    return name + ": " + figures.apply(now);
  }
}
