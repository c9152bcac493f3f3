package io.gymbridge.learners.nn;

import io.gymbridge.core.EnvState;
import java.util.Arrays;

/**
 * Adam (Kingma and Ba 2015, algorithm 1) over one flat parameter vector, with gradient clipping by
 * the global norm. Not thread-safe.
 */
public final class Adam {
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;

  private final float[] parameters;
  private final float[] first;
  private final float[] second;
  private final float epsilon;
  private int steps;

  /**
   * An optimiser of all of {@code parameters}.
   *
   * @param epsilon added to the root of the second moment; 1e-8 in the paper, 1e-5 for PPO in most
   *     code
   */
  public Adam(float[] parameters, double epsilon) {
    this(parameters, parameters.length, epsilon);
  }

  /** An optimiser of the first {@code count} of {@code parameters}. */
  public Adam(float[] parameters, int count, double epsilon) {
    this.parameters = parameters;
    this.first = new float[count];
    this.second = new float[count];
    this.epsilon = (float) epsilon;
  }

  /** Moves the parameters against the gradient. */
  public void step(float[] gradient, double learningRate) {
    steps++;
    double unbiased = Math.sqrt(1 - Math.pow(BETA2, steps));
    float rate = (float) (learningRate * unbiased / (1 - Math.pow(BETA1, steps)));
    float floor = (float) (epsilon * unbiased);
    for (int i = 0; i < first.length; i++) {
      float slope = gradient[i];
      float mean = BETA1 * first[i] + (1 - BETA1) * slope;
      float square = BETA2 * second[i] + (1 - BETA2) * slope * slope;
      first[i] = mean;
      second[i] = square;
      parameters[i] -= rate * mean / ((float) Math.sqrt(square) + floor);
    }
  }

  /**
   * Scales a gradient down to a Euclidean norm of at most {@code norm}.
   *
   * @return its norm before
   */
  public static double clip(float[] gradient, double norm) {
    double squares = 0;
    for (float slope : gradient) {
      squares += (double) slope * slope;
    }
    double length = Math.sqrt(squares);
    if (length > norm) {
      float factor = (float) (norm / length);
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] *= factor;
      }
    }
    return length;
  }

  /** Saves or restores the moments; the parameters are not its own. */
  public void exchange(EnvState saved) {
    saved.floats(first);
    saved.floats(second);
    steps = saved.integer(steps, 0, Integer.MAX_VALUE);
  }

  /** Forgets everything. */
  public void reset() {
    Arrays.fill(first, 0);
    Arrays.fill(second, 0);
    steps = 0;
  }
}
