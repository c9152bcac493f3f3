package io.gymbridge.cli;

import io.gymbridge.learners.Generator;
import io.gymbridge.learners.OnPolicy;

/** Reports of a training that goes well, to be changed in the one thing that a test is about. */
record Progresses(
    long steps,
    double meanReturn,
    double meanLength,
    double entropy,
    double divergence,
    double clipFraction,
    double explainedVariance,
    double expertAccuracy,
    double generatorAccuracy,
    double rewardStd) {

  static final Progresses GOOD = new Progresses(2048, 50, 50, 0.6, 0.01, 0.1, 0.8, 0.8, 0.8, 1);

  Progresses at(long newSteps) {
    return new Progresses(
        newSteps,
        meanReturn,
        meanLength,
        entropy,
        divergence,
        clipFraction,
        explainedVariance,
        expertAccuracy,
        generatorAccuracy,
        rewardStd);
  }

  Progresses withEpisodes(double newReturn, double newLength) {
    return new Progresses(
        steps,
        newReturn,
        newLength,
        entropy,
        divergence,
        clipFraction,
        explainedVariance,
        expertAccuracy,
        generatorAccuracy,
        rewardStd);
  }

  Progresses withEntropy(double changed) {
    return new Progresses(
        steps,
        meanReturn,
        meanLength,
        changed,
        divergence,
        clipFraction,
        explainedVariance,
        expertAccuracy,
        generatorAccuracy,
        rewardStd);
  }

  Progresses withUpdates(double newDivergence, double newClipFraction) {
    return new Progresses(
        steps,
        meanReturn,
        meanLength,
        entropy,
        newDivergence,
        newClipFraction,
        explainedVariance,
        expertAccuracy,
        generatorAccuracy,
        rewardStd);
  }

  Progresses withExplainedVariance(double changed) {
    return new Progresses(
        steps,
        meanReturn,
        meanLength,
        entropy,
        divergence,
        clipFraction,
        changed,
        expertAccuracy,
        generatorAccuracy,
        rewardStd);
  }

  Progresses withDiscriminator(double expert, double generator, double newRewardStd) {
    return new Progresses(
        steps,
        meanReturn,
        meanLength,
        entropy,
        divergence,
        clipFraction,
        explainedVariance,
        expert,
        generator,
        newRewardStd);
  }

  /** Without a discriminator. */
  Progresses withoutDiscriminator() {
    return withDiscriminator(Double.NaN, Double.NaN, Double.NaN);
  }

  /** The report; NaN as the return stands for no episode. */
  OnPolicy.Progress report() {
    return new OnPolicy.Progress(
        steps,
        (int) (steps / 2048),
        Double.isNaN(meanReturn) ? 0 : 3,
        meanReturn,
        meanLength,
        new Generator.Diagnostics(-0.02, 0.5, entropy, divergence, clipFraction, explainedVariance),
        new OnPolicy.Discrimination(
            Double.isNaN(rewardStd) ? Double.NaN : 0.5,
            expertAccuracy,
            generatorAccuracy,
            1,
            -1,
            0,
            rewardStd));
  }
}
