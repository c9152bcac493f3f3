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
    float p = -2.76076847742355e-16f * square + 2.00018790482477e-13f;
    p = p * square - 8.60467152213735e-11f;
    p = p * square + 5.12229709037114e-08f;
    p = p * square + 1.48572235717979e-05f;
    p = p * square + 6.37261928875436e-04f;
    p = p * square + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f * square + 1.18534705686654e-04f;
    q = q * square + 2.26843463243900e-03f;
    q = q * square + 4.89352518554385e-03f;
    return x * p / q;
  }
}
