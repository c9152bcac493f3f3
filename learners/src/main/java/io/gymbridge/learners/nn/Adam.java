package io.gymbridge.learners.nn;

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
   * What there is to save.
   *
   * @param first moment, as long as the parameters
   * @param second moment, likewise
   * @param steps taken
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record State(float[] first, float[] second, int steps) {}

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

  /** A copy of the moments. */
  public State state() {
    return new State(first.clone(), second.clone(), steps);
  }

  /** Goes on from a saved state. */
  public void restore(State state) {
    if (state.first().length != first.length || state.second().length != second.length) {
      throw new IllegalArgumentException(
          "got moments of %d and %d parameters, expected %d"
              .formatted(state.first().length, state.second().length, first.length));
    }
    System.arraycopy(state.first(), 0, first, 0, first.length);
    System.arraycopy(state.second(), 0, second, 0, second.length);
    steps = state.steps();
  }

  /** Forgets everything. */
  public void reset() {
    Arrays.fill(first, 0);
    Arrays.fill(second, 0);
    steps = 0;
  }
}
