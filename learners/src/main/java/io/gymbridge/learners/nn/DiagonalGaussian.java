package io.gymbridge.learners.nn;

import java.util.random.RandomGenerator;

/**
 * A Gaussian with independent components. The outputs are the means and, where the deviations
 * depend on the state, the logarithms of these after them; else the logarithms are shared.
 */
public final class DiagonalGaussian implements Distribution {
  private static final double LOG_2_PI = Math.log(2 * Math.PI);

  private final int size;
  private final boolean stateDependent;

  /**
   * @param size components of an action
   * @param stateDependent whether the network puts out the deviations too
   */
  public DiagonalGaussian(int size, boolean stateDependent) {
    this.size = size;
    this.stateDependent = stateDependent;
  }

  @Override
  public int outputs() {
    return stateDependent ? 2 * size : size;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int shared() {
    return stateDependent ? 0 : size;
  }

  double mean(float[] outputs, int row, int i) {
    return outputs[row * outputs() + i];
  }

  double logStd(float[] outputs, float[] shared, int row, int i) {
    return stateDependent ? outputs[row * 2 * size + size + i] : shared[i];
  }

  @Override
  public void sample(
      float[] outputs, float[] shared, int row, RandomGenerator random, float[] actions) {
    for (int i = 0; i < size; i++) {
      double std = Math.exp(logStd(outputs, shared, row, i));
      actions[row * size + i] = (float) (mean(outputs, row, i) + std * random.nextGaussian());
    }
  }

  @Override
  public void mode(float[] outputs, int n, float[] actions) {
    for (int row = 0; row < n; row++) {
      System.arraycopy(outputs, row * outputs(), actions, row * size, size);
    }
  }

  @Override
  public double logProbability(float[] outputs, float[] shared, float[] actions, int row) {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum -= surprise(outputs, shared, row, i, actions[row * size + i]);
    }
    return sum;
  }

  /** −log N of one component. */
  double surprise(float[] outputs, float[] shared, int row, int i, float value) {
    double logStd = logStd(outputs, shared, row, i);
    double z = (value - mean(outputs, row, i)) * Math.exp(-logStd);
    return 0.5 * (z * z + LOG_2_PI) + logStd;
  }

  @Override
  public double entropy(float[] outputs, float[] shared, int row) {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += logStd(outputs, shared, row, i) + 0.5 * (1 + LOG_2_PI);
    }
    return sum;
  }

  @Override
  public void gradient(
      float[] outputs,
      float[] shared,
      float[] actions,
      int n,
      double[] logWeights,
      double[] entropyWeights,
      float[] outputGradient,
      float[] sharedGradient,
      int sharedOffset) {
    for (int row = 0; row < n; row++) {
      for (int i = 0; i < size; i++) {
        double inverse = Math.exp(-logStd(outputs, shared, row, i));
        double z = (actions[row * size + i] - mean(outputs, row, i)) * inverse;
        outputGradient[row * outputs() + i] = (float) (logWeights[row] * z * inverse);
        double slope = logWeights[row] * (z * z - 1) + entropyWeights[row];
        if (stateDependent) {
          outputGradient[row * 2 * size + size + i] = (float) slope;
        } else {
          sharedGradient[sharedOffset + i] += (float) slope;
        }
      }
    }
  }

  @Override
  public void divergences(
      float[] oldOutputs,
      float[] oldShared,
      float[] newOutputs,
      float[] newShared,
      int n,
      double[] divergences) {
    for (int row = 0; row < n; row++) {
      double sum = 0;
      for (int i = 0; i < size; i++) {
        double before = logStd(oldOutputs, oldShared, row, i);
        double after = logStd(newOutputs, newShared, row, i);
        double z = (mean(oldOutputs, row, i) - mean(newOutputs, row, i)) * Math.exp(-after);
        sum += after - before + 0.5 * (Math.exp(2 * (before - after)) + z * z - 1);
      }
      divergences[row] = sum;
    }
  }

  @Override
  public void fisher(
      float[] outputs,
      float[] shared,
      int n,
      double scale,
      float[] outputTangents,
      float[] sharedTangent,
      float[] sharedProduct,
      int sharedOffset) {
    for (int row = 0; row < n; row++) {
      for (int i = 0; i < size; i++) {
        int at = row * outputs() + i;
        double precision = Math.exp(-2 * logStd(outputs, shared, row, i));
        outputTangents[at] = (float) (scale * precision * outputTangents[at]);
        if (stateDependent) {
          outputTangents[at + size] = (float) (scale * 2 * outputTangents[at + size]);
        } else {
          sharedProduct[sharedOffset + i] += (float) (scale * 2 * sharedTangent[sharedOffset + i]);
        }
      }
    }
  }
}
