package io.gymbridge.learners;

import io.gymbridge.core.Box;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The learner and others that learn the same task from other random weights, each from its own
 * random two thirds of the data. They agree about states like those in the data, and disagree about
 * others: that is what tells {@link DAgger} which states are worth a question (as in query by
 * committee, Seung et al. 1992, and EnsembleDAgger, Menda et al. 2019). Not thread-safe.
 */
final class Ensemble {
  private static final double SHARE = 2 / 3.0;

  private final List<PolicyNetwork> members = new ArrayList<>();
  private final long seed;

  /** Of {@code size} networks, of which the learner is the first. */
  Ensemble(PolicyNetwork learner, int size, long seed) {
    this.seed = seed;
    members.add(learner);
    for (int i = 1; i < size; i++) {
      members.add(
          PolicyNetwork.create(
              learner.observationSpace(),
              learner.actionSpace(),
              learner.architecture(),
              seed + 7_919L * i));
    }
  }

  /** The learner first. */
  List<PolicyNetwork> members() {
    return members;
  }

  /** Saves or restores all members. */
  void exchange(EnvState saved) {
    for (PolicyNetwork member : members) {
      member.exchange(saved);
      member.head().exchangeScale(saved);
    }
  }

  /** The rows that a member learns from: the same as before, and its share of those added since. */
  int[] rows(int member, int count) {
    if (member == 0) {
      return IntStream.range(0, count).toArray();
    }
    SplittableRandom random = new SplittableRandom(seed - member);
    int[] own = IntStream.range(0, count).filter(row -> random.nextDouble() < SHARE).toArray();
    return own.length == 0 ? rows(0, count) : own;
  }

  /**
   * How much the members disagree about each of N observations, at least 0: for Box actions the
   * standard deviation of their means, clipped to the space, in units of its scale; for choices the
   * Jensen-Shannon divergence of their distributions.
   */
  double[] disagreement(Value observations) {
    int n = observations.batchSize();
    double[] sum = new double[n];
    List<double[]> predictions = members.stream().map(m -> predict(m, observations, n)).toList();
    int width = predictions.get(0).length / n;
    boolean choices = members.get(0).head() instanceof CategoricalHead;
    for (int at = 0; at < n * width; at++) {
      double mean = 0;
      double squares = 0;
      double information = 0;
      for (double[] prediction : predictions) {
        double value = prediction[at];
        mean += value / members.size();
        squares += value * value / members.size();
        information += value <= 0 ? 0 : value * Math.log(value) / members.size();
      }
      sum[at / width] +=
          choices
              ? information - (mean <= 0 ? 0 : mean * Math.log(mean))
              : Math.max(0, squares - mean * mean);
    }
    return IntStream.range(0, n)
        .mapToDouble(row -> choices ? Math.max(0, sum[row]) : Math.sqrt(sum[row]))
        .toArray();
  }

  /** Rows of means in the learner's units, or of probabilities. */
  private double[] predict(PolicyNetwork member, Value observations, int n) {
    float[] outputs = member.outputs(observations);
    if (member.head() instanceof GaussianHead own
        && members.get(0).head() instanceof GaussianHead learner) {
      Box space = learner.space();
      double[] scale = learner.scale();
      double[] means = new double[n * scale.length];
      for (int at = 0; at < means.length; at++) {
        int i = at % scale.length;
        double mean = own.mean(outputs[at], i);
        means[at] =
            Math.max(space.low().getDouble(i), Math.min(space.high().getDouble(i), mean))
                / scale[i];
      }
      return means;
    }
    int[] choices = ((CategoricalHead) member.head()).choices();
    double[] probabilities = new double[n * IntStream.of(choices).sum()];
    int first = 0;
    for (int row = 0; row < n; row++) {
      for (int size : choices) {
        softmax(outputs, first, size, probabilities);
        first += size;
      }
    }
    return probabilities;
  }

  private static void softmax(float[] logits, int first, int size, double[] probabilities) {
    double highest = logits[first];
    for (int i = first; i < first + size; i++) {
      highest = Math.max(highest, logits[i]);
    }
    double sum = 0;
    for (int i = first; i < first + size; i++) {
      probabilities[i] = Math.exp(logits[i] - highest);
      sum += probabilities[i];
    }
    for (int i = first; i < first + size; i++) {
      probabilities[i] /= sum;
    }
  }
}
