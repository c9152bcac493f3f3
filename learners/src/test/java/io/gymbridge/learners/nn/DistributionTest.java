package io.gymbridge.learners.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients against differences, and densities and entropies against what they must add up to. */
class DistributionTest {
  private static final int N = 4;

  static List<Distribution> families() {
    return List.of(
        new DiagonalGaussian(3, false),
        new DiagonalGaussian(2, true),
        new TanhGaussian(new DiagonalGaussian(2, false)),
        new TanhGaussian(new DiagonalGaussian(2, true)),
        new Categorical(4),
        new Categorical(2, 3, 1));
  }

  private final SplittableRandom random = new SplittableRandom(1);

  /** Multiples of 2⁻⁸, so that steps of 2⁻⁶ are exact in single precision. */
  private float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = Math.round(random.nextGaussian() * 100) / 256f;
    }
    return numbers;
  }

  /** A function of a distribution's parameters. */
  private interface Quantity {
    double of(float[] outputs, float[] shared);
  }

  /** The derivative by one element of {@code array}: Richardson's extrapolation of differences. */
  private static double slope(
      Quantity quantity, float[] outputs, float[] shared, float[] array, int i) {
    double wide = difference(quantity, outputs, shared, array, i, 1f / 64);
    double narrow = difference(quantity, outputs, shared, array, i, 1f / 128);
    return (4 * narrow - wide) / 3;
  }

  private static double difference(
      Quantity quantity, float[] outputs, float[] shared, float[] array, int i, float step) {
    float value = array[i];
    array[i] = value + step;
    double above = quantity.of(outputs, shared);
    array[i] = value - step;
    double below = quantity.of(outputs, shared);
    array[i] = value;
    return (above - below) / (2 * step);
  }

  private static double weighted(double[] weights, double[] values) {
    double sum = 0;
    for (int i = 0; i < N; i++) {
      sum += weights[i] * values[i];
    }
    return sum;
  }

  private static void sample(
      Distribution family,
      float[] outputs,
      float[] shared,
      int n,
      SplittableRandom random,
      float[] actions) {
    for (int row = 0; row < n; row++) {
      family.sample(outputs, shared, row, random, actions);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void gradients_equal_differences(Distribution family) {
    float[] outputs = numbers(N * family.outputs());
    float[] shared = numbers(family.shared());
    float[] actions = new float[N * family.size()];
    sample(family, outputs, shared, N, random, actions);
    double[] w = random.doubles(N, -1, 1).toArray();
    double[] v = random.doubles(N, -1, 1).toArray();
    float[] outputGradient = new float[outputs.length];
    float[] sharedGradient = new float[shared.length + 1];
    family.gradient(outputs, shared, actions, N, w, v, outputGradient, sharedGradient, 1);
    Quantity quantity =
        (o, s) -> {
          double[] logs = new double[N];
          double[] entropies = new double[N];
          family.logProbabilities(o, s, actions, N, logs);
          family.entropies(o, s, N, entropies);
          return weighted(w, logs) + weighted(v, entropies);
        };
    for (int i = 0; i < outputs.length; i++) {
      double expected = slope(quantity, outputs, shared, outputs, i);
      assertEquals(expected, outputGradient[i], 1e-5 * Math.max(1, Math.abs(expected)));
    }
    for (int i = 0; i < shared.length; i++) {
      double expected = slope(quantity, outputs, shared, shared, i);
      assertEquals(expected, sharedGradient[1 + i], 1e-5 * Math.max(1, Math.abs(expected)));
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void fisher_information_is_the_divergences_second_derivative(Distribution family) {
    float[] outputs = numbers(N * family.outputs());
    float[] shared = numbers(family.shared());
    float[] tangent = numbers(outputs.length);
    float[] sharedTangent = numbers(shared.length);
    float[] product = tangent.clone();
    float[] sharedProduct = new float[shared.length];
    family.fisher(outputs, shared, N, 0.5, product, sharedTangent, sharedProduct, 0);
    double quadratic = 0;
    for (int i = 0; i < product.length; i++) {
      quadratic += product[i] * tangent[i];
    }
    for (int i = 0; i < shared.length; i++) {
      quadratic += sharedProduct[i] * sharedTangent[i];
    }
    double step = 1e-2;
    double sum = 0;
    for (double direction : new double[] {step, -step}) {
      double[] divergences = new double[N];
      family.divergences(
          outputs,
          shared,
          moved(outputs, tangent, direction),
          moved(shared, sharedTangent, direction),
          N,
          divergences);
      for (double divergence : divergences) {
        assertTrue(divergence >= 0);
        sum += divergence;
      }
    }
    assertEquals(0.5 * sum / (step * step), quadratic, 2e-3 * quadratic);
  }

  private static float[] moved(float[] from, float[] direction, double step) {
    float[] moved = from.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (step * direction[i]);
    }
    return moved;
  }

  @ParameterizedTest
  @MethodSource("families")
  void entropy_and_divergence_are_the_means_over_samples(Distribution family) {
    int n = 100_000;
    float[] one = numbers(family.outputs());
    float[] other = numbers(family.outputs());
    float[] shared = numbers(family.shared());
    float[] outputs = repeated(one, n);
    float[] actions = new float[n * family.size()];
    sample(family, outputs, shared, n, random, actions);
    double[] logs = new double[n];
    double[] otherLogs = new double[n];
    family.logProbabilities(outputs, shared, actions, n, logs);
    family.logProbabilities(repeated(other, n), shared, actions, n, otherLogs);
    double[] entropy = new double[1];
    double[] divergence = new double[1];
    family.entropies(one, shared, 1, entropy);
    family.divergences(one, shared, other, shared, 1, divergence);
    double meanLog = 0;
    double meanRatio = 0;
    for (int i = 0; i < n; i++) {
      meanLog += logs[i] / n;
      meanRatio += (logs[i] - otherLogs[i]) / n;
    }
    assertEquals(entropy[0], -meanLog, 0.02);
    assertEquals(divergence[0], meanRatio, 0.03 * Math.max(1, divergence[0]));
  }

  private static float[] repeated(float[] row, int n) {
    float[] rows = new float[row.length * n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(row, 0, rows, i * row.length, row.length);
    }
    return rows;
  }

  @Test
  void a_squashed_density_integrates_to_one() {
    TanhGaussian family = new TanhGaussian(new DiagonalGaussian(1, true));
    int n = 100_000;
    float[] actions = new float[n];
    for (int i = 0; i < n; i++) {
      actions[i] = (float) (-1 + (i + 0.5) * 2 / n);
    }
    double[] logs = new double[n];
    family.logProbabilities(repeated(new float[] {0.3f, -0.5f}, n), new float[0], actions, n, logs);
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(log) * 2 / n;
    }
    assertEquals(1, sum, 1e-3);
  }

  @Test
  void a_squashed_action_at_the_bound_has_a_finite_density() {
    TanhGaussian family = new TanhGaussian(new DiagonalGaussian(1, true));
    double[] logs = new double[2];
    family.logProbabilities(
        repeated(new float[] {0, 0}, 2), new float[0], new float[] {1, -1}, 2, logs);
    assertTrue(Double.isFinite(logs[0]) && logs[0] == logs[1]);
  }

  @ParameterizedTest
  @MethodSource("families")
  void a_row_of_a_batch_is_as_by_itself(Distribution family) {
    float[] outputs = numbers(N * family.outputs());
    float[] shared = numbers(family.shared());
    float[] actions = new float[N * family.size()];
    sample(family, outputs, shared, N, new SplittableRandom(8), actions);
    double[] logs = new double[N];
    double[] entropies = new double[N];
    family.logProbabilities(outputs, shared, actions, N, logs);
    family.entropies(outputs, shared, N, entropies);
    for (int row = 0; row < N; row++) {
      int to = row + 1;
      float[] own = Arrays.copyOfRange(outputs, row * family.outputs(), to * family.outputs());
      float[] action = Arrays.copyOfRange(actions, row * family.size(), to * family.size());
      assertEquals(family.logProbability(own, shared, action, 0), logs[row]);
      assertEquals(family.entropy(own, shared, 0), entropies[row]);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void the_same_generator_draws_the_same(Distribution family) {
    float[] outputs = numbers(N * family.outputs());
    float[] shared = numbers(family.shared());
    float[] once = new float[N * family.size()];
    float[] again = new float[N * family.size()];
    sample(family, outputs, shared, N, new SplittableRandom(7), once);
    sample(family, outputs, shared, N, new SplittableRandom(7), again);
    for (int i = 0; i < once.length; i++) {
      assertEquals(once[i], again[i]);
    }
  }
}
