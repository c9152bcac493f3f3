package io.gymbridge.learners.nn;

/** What is applied after each hidden layer, and its derivative in terms of its result. */
public enum Activation {
  TANH {
    @Override
    void apply(float[] x, int size) {
      for (int i = 0; i < size; i++) {
        x[i] = tanh(x[i]);
      }
    }

    @Override
    void multiplyByDerivative(float[] gradient, float[] result, int size) {
      for (int i = 0; i < size; i++) {
        gradient[i] *= 1 - result[i] * result[i];
      }
    }
  },
  RELU {
    @Override
    void apply(float[] x, int size) {
      for (int i = 0; i < size; i++) {
        x[i] = Math.max(x[i], 0);
      }
    }

    @Override
    void multiplyByDerivative(float[] gradient, float[] result, int size) {
      for (int i = 0; i < size; i++) {
        gradient[i] = result[i] > 0 ? gradient[i] : 0;
      }
    }
  };

  /** Beyond this the hyperbolic tangent is ±1 in {@code float}, and the quotient stays below 1. */
  private static final float SATURATED = 7.90531f;

  /** Replaces each of the first {@code size} elements. */
  abstract void apply(float[] x, int size);

  /** Multiplies each element by the derivative at where {@code result} came from. */
  abstract void multiplyByDerivative(float[] gradient, float[] result, int size);

  /**
   * The hyperbolic tangent as a quotient of polynomials of degrees 13 and 6 (the minimax
   * coefficients that Eigen uses), to 4e-7. Unlike {@link Math#tanh} it can be computed for eight
   * numbers at a time.
   */
  static float tanh(float value) {
    float x = Math.max(-SATURATED, Math.min(SATURATED, value));
    float square = x * x;
    float p = -2.7607684e-16f * square + 2.000188e-13f;
    p = p * square - 8.604672e-11f;
    p = p * square + 5.1222973e-8f;
    p = p * square + 1.48572235e-5f;
    p = p * square + 6.3726195e-4f;
    p = p * square + 0.0048935246f;
    float q = 1.1982584e-6f * square + 1.1853471e-4f;
    q = q * square + 0.0022684347f;
    q = q * square + 0.004893525f;
    return x * p / q;
  }
}
