package io.gymbridge.learners.nn;

import java.util.random.RandomGenerator;

/**
 * The hyperbolic tangent of a {@link DiagonalGaussian}: actions in (−1, 1).
 *
 * <p>log π(a) = log N(u) − Σ log(1 − tanh² u), with u = artanh a. Actions at ±1 have no u: they are
 * taken for those at ±(1 − {@value #EDGE}), beyond which the density would be infinite. The entropy
 * is that of the Gaussian plus the mean of the logarithms, by Gauss–Hermite quadrature component by
 * component. Divergence and Fisher information are the Gaussian's own, since both are the same in
 * all coordinates.
 */
public final class TanhGaussian implements Distribution {
  /** How near to ±1 an action is taken for. */
  static final double EDGE = 1e-6;

  /** Positive nodes and weights of the 20-point rule for ∫ exp(−x²) f(x) dx. */
  private static final double[] NODES = {
    0.2453407083009, 0.7374737285454, 1.2340762153953, 1.7385377121166, 2.2549740020893,
    2.7888060584281, 3.3478545673832, 3.9447640401156, 4.6036824495507, 5.3874808900112
  };

  private static final double[] WEIGHTS = {
    4.622436696006e-1, 2.866755053628e-1, 1.090172060200e-1, 2.481052088746e-2, 3.243773342238e-3,
    2.283386360163e-4, 7.802556478532e-6, 1.086069370769e-7, 4.399340992273e-10, 2.229393645534e-13
  };

  private final DiagonalGaussian gaussian;
  private float[] before = new float[0];

  /** The tangent of this Gaussian. */
  public TanhGaussian(DiagonalGaussian gaussian) {
    this.gaussian = gaussian;
  }

  @Override
  public int outputs() {
    return gaussian.outputs();
  }

  @Override
  public int size() {
    return gaussian.size();
  }

  @Override
  public int shared() {
    return gaussian.shared();
  }

  @Override
  public void sample(
      float[] outputs, float[] shared, int row, RandomGenerator random, float[] actions) {
    gaussian.sample(outputs, shared, row, random, actions);
    squash(actions, row, row + 1);
  }

  @Override
  public void mode(float[] outputs, int n, float[] actions) {
    gaussian.mode(outputs, n, actions);
    squash(actions, 0, n);
  }

  private void squash(float[] actions, int from, int to) {
    for (int i = from * size(); i < to * size(); i++) {
      actions[i] = (float) Math.tanh(actions[i]);
    }
  }

  private float[] unsquash(float[] actions, int n) {
    if (before.length < n * size()) {
      before = new float[n * size()];
    }
    for (int i = 0; i < n * size(); i++) {
      before[i] = unsquash(actions[i]);
    }
    return before;
  }

  private static float unsquash(float squashed) {
    double action = Math.max(EDGE - 1, Math.min(1 - EDGE, squashed));
    return (float) (0.5 * (Math.log1p(action) - Math.log1p(-action)));
  }

  /** log(1 − tanh² u), without the cancellation. */
  static double logSlope(double u) {
    double size = Math.abs(u);
    return 2 * (Math.log(2) - size - Math.log1p(Math.exp(-2 * size)));
  }

  @Override
  public double logProbability(float[] outputs, float[] shared, float[] actions, int row) {
    double sum = 0;
    for (int i = 0; i < size(); i++) {
      float u = unsquash(actions[row * size() + i]);
      sum -= gaussian.surprise(outputs, shared, row, i, u) + logSlope(u);
    }
    return sum;
  }

  @Override
  public double entropy(float[] outputs, float[] shared, int row) {
    double entropy = gaussian.entropy(outputs, shared, row);
    for (int i = 0; i < size(); i++) {
      double mean = gaussian.mean(outputs, row, i);
      double std = Math.exp(gaussian.logStd(outputs, shared, row, i));
      double sum = 0;
      for (int node = 0; node < NODES.length; node++) {
        double away = Math.sqrt(2) * std * NODES[node];
        sum += WEIGHTS[node] * (logSlope(mean + away) + logSlope(mean - away));
      }
      entropy += sum / Math.sqrt(Math.PI);
    }
    return entropy;
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
    // The Jacobian does not depend on the distribution's parameters.
    float[] u = unsquash(actions, n);
    gaussian.gradient(
        outputs,
        shared,
        u,
        n,
        logWeights,
        entropyWeights,
        outputGradient,
        sharedGradient,
        sharedOffset);
    for (int row = 0; row < n; row++) {
      if (entropyWeights[row] == 0) {
        continue;
      }
      for (int i = 0; i < size(); i++) {
        double mean = gaussian.mean(outputs, row, i);
        double std = Math.exp(gaussian.logStd(outputs, shared, row, i));
        double byMean = 0;
        double byLogStd = 0;
        for (int node = 0; node < NODES.length; node++) {
          double away = Math.sqrt(2) * std * NODES[node];
          double above = -2 * Math.tanh(mean + away);
          double below = -2 * Math.tanh(mean - away);
          byMean += WEIGHTS[node] * (above + below);
          byLogStd += WEIGHTS[node] * away * (above - below);
        }
        double weight = entropyWeights[row] / Math.sqrt(Math.PI);
        int at = row * outputs() + i;
        outputGradient[at] += (float) (weight * byMean);
        if (shared() == 0) {
          outputGradient[at + size()] += (float) (weight * byLogStd);
        } else {
          sharedGradient[sharedOffset + i] += (float) (weight * byLogStd);
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
    gaussian.divergences(oldOutputs, oldShared, newOutputs, newShared, n, divergences);
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
    gaussian.fisher(
        outputs, shared, n, scale, outputTangents, sharedTangent, sharedProduct, sharedOffset);
  }
}
