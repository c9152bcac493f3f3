package io.gymbridge.learners.nn;

import java.util.random.RandomGenerator;

/**
 * Independent choices, each among a number of its own: the outputs are the logits of the first
 * choice, then those of the second, and so on. One choice is the ordinary categorical distribution.
 */
public final class Categorical implements Distribution {
  private final int[] choices;
  private final int outputs;
  private final double[] probabilities;

  /**
   * @param choices how many alternatives each choice has, at least 1 each
   */
  public Categorical(int... choices) {
    this.choices = choices.clone();
    int sum = 0;
    int most = 0;
    for (int alternatives : choices) {
      sum += alternatives;
      most = Math.max(most, alternatives);
    }
    this.outputs = sum;
    this.probabilities = new double[most];
  }

  @Override
  public int outputs() {
    return outputs;
  }

  @Override
  public int size() {
    return choices.length;
  }

  @Override
  public int shared() {
    return 0;
  }

  /** Fills {@link #probabilities} from logits; gives the logarithm of the sum of exponentials. */
  private double softmax(float[] logits, int first, int count) {
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      highest = Math.max(highest, logits[first + i]);
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      probabilities[i] = Math.exp(logits[first + i] - highest);
      sum += probabilities[i];
    }
    for (int i = 0; i < count; i++) {
      probabilities[i] /= sum;
    }
    return highest + Math.log(sum);
  }

  private static double logOf(double probability) {
    return probability > 0 ? Math.log(probability) : 0;
  }

  @Override
  public void sample(
      float[] logits, float[] shared, int row, RandomGenerator random, float[] actions) {
    int first = row * outputs;
    for (int i = 0; i < choices.length; i++) {
      softmax(logits, first, choices[i]);
      double left = random.nextDouble();
      int chosen = 0;
      while (chosen < choices[i] - 1 && (left -= probabilities[chosen]) >= 0) {
        chosen++;
      }
      actions[row * choices.length + i] = chosen;
      first += choices[i];
    }
  }

  @Override
  public void mode(float[] logits, int n, float[] actions) {
    int first = 0;
    for (int i = 0; i < n * choices.length; i++) {
      int count = choices[i % choices.length];
      int best = 0;
      for (int j = 1; j < count; j++) {
        best = logits[first + j] > logits[first + best] ? j : best;
      }
      actions[i] = best;
      first += count;
    }
  }

  @Override
  public double logProbability(float[] logits, float[] shared, float[] actions, int row) {
    int first = row * outputs;
    double sum = 0;
    for (int i = 0; i < choices.length; i++) {
      double total = softmax(logits, first, choices[i]);
      sum += logits[first + (int) actions[row * choices.length + i]] - total;
      first += choices[i];
    }
    return sum;
  }

  @Override
  public double entropy(float[] logits, float[] shared, int row) {
    int first = row * outputs;
    double sum = 0;
    for (int count : choices) {
      softmax(logits, first, count);
      sum += entropy(count);
      first += count;
    }
    return sum;
  }

  private double entropy(int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum -= probabilities[i] * logOf(probabilities[i]);
    }
    return sum;
  }

  @Override
  public void gradient(
      float[] logits,
      float[] shared,
      float[] actions,
      int n,
      double[] logWeights,
      double[] entropyWeights,
      float[] outputGradient,
      float[] sharedGradient,
      int sharedOffset) {
    int first = 0;
    for (int row = 0; row < n; row++) {
      for (int i = 0; i < choices.length; i++) {
        softmax(logits, first, choices[i]);
        double entropy = entropy(choices[i]);
        int chosen = (int) actions[row * choices.length + i];
        for (int j = 0; j < choices[i]; j++) {
          double probability = probabilities[j];
          double byLog = (j == chosen ? 1 : 0) - probability;
          double byEntropy = -probability * (logOf(probability) + entropy);
          outputGradient[first + j] =
              (float) (logWeights[row] * byLog + entropyWeights[row] * byEntropy);
        }
        first += choices[i];
      }
    }
  }

  @Override
  public void divergences(
      float[] oldLogits,
      float[] oldShared,
      float[] newLogits,
      float[] newShared,
      int n,
      double[] divergences) {
    int first = 0;
    for (int row = 0; row < n; row++) {
      double sum = 0;
      for (int count : choices) {
        double after = softmax(newLogits, first, count);
        double before = softmax(oldLogits, first, count);
        for (int j = 0; j < count; j++) {
          double difference = (oldLogits[first + j] - before) - (newLogits[first + j] - after);
          sum += probabilities[j] * difference;
        }
        first += count;
      }
      divergences[row] = sum;
    }
  }

  @Override
  public void fisher(
      float[] logits,
      float[] shared,
      int n,
      double scale,
      float[] outputTangents,
      float[] sharedTangent,
      float[] sharedProduct,
      int sharedOffset) {
    int first = 0;
    for (int row = 0; row < n; row++) {
      for (int count : choices) {
        softmax(logits, first, count);
        double mean = 0;
        for (int j = 0; j < count; j++) {
          mean += probabilities[j] * outputTangents[first + j];
        }
        for (int j = 0; j < count; j++) {
          outputTangents[first + j] =
              (float) (scale * probabilities[j] * (outputTangents[first + j] - mean));
        }
        first += count;
      }
    }
  }
}
