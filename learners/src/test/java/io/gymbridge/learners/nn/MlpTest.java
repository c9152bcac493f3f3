package io.gymbridge.learners.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the network computes, against central differences of a plain one in double precision. */
class MlpTest {
  private static final int N = 6;
  private static final double STEP = 1e-5;

  private final SplittableRandom random = new SplittableRandom(3);

  private Mlp.Shape shape = new Mlp.Shape(5, List.of(7, 6), 3, Activation.TANH);
  private Mlp mlp = new Mlp(shape);
  private Mlp.Pass pass = mlp.pass(N);
  private double[] weights = new double[0];

  /** A network in the middle of a longer array, a batch, and a weight for each output. */
  private void make(Activation activation) {
    shape = new Mlp.Shape(5, List.of(7, 6), 3, activation);
    mlp = new Mlp(shape, new float[shape.parameters() + 9], 4);
    mlp.initialise(random, 1.4, 1);
    for (int i = 0; i < mlp.parameters().length; i++) {
      mlp.parameters()[i] += (float) (0.1 * random.nextGaussian());
    }
    pass = mlp.pass(N + 2);
    for (int i = 0; i < N * shape.inputs(); i++) {
      pass.input()[i] = (float) random.nextGaussian();
    }
    weights = random.doubles((long) N * shape.outputs(), -1, 1).toArray();
  }

  private double[] parameters() {
    double[] parameters = new double[shape.parameters()];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = mlp.parameters()[mlp.offset() + i];
    }
    return parameters;
  }

  private double[] row(int row) {
    double[] input = new double[shape.inputs()];
    for (int i = 0; i < input.length; i++) {
      input[i] = pass.input()[row * input.length + i];
    }
    return input;
  }

  /** Σ weights · outputs. */
  private double weighted(double[] parameters, int onlyRow, double[] inputOfIt) {
    double sum = 0;
    for (int row = 0; row < N; row++) {
      double[] input = row == onlyRow ? inputOfIt : row(row);
      double[] outputs = ReferenceMlp.forward(shape, parameters, input);
      for (int i = 0; i < outputs.length; i++) {
        sum += weights[row * outputs.length + i] * outputs[i];
      }
    }
    return sum;
  }

  private static void assertClose(double expected, double actual, String what) {
    assertEquals(expected, actual, 1e-5 * Math.max(1, Math.abs(expected)), what);
  }

  @ParameterizedTest
  @EnumSource
  void outputs_are_those_of_a_plain_network(Activation activation) {
    make(activation);
    pass.forward(N);
    for (int row = 0; row < N; row++) {
      double[] expected = ReferenceMlp.forward(shape, parameters(), row(row));
      for (int i = 0; i < expected.length; i++) {
        assertClose(expected[i], pass.output()[row * expected.length + i], row + ", " + i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void gradients_equal_central_differences(Activation activation) {
    make(activation);
    pass.forward(N);
    for (int i = 0; i < weights.length; i++) {
      pass.outputGradient()[i] = (float) weights[i];
    }
    float[] gradient = new float[mlp.parameters().length];
    gradient[0] = 5;
    gradient[mlp.offset()] = 2;
    pass.backwardToInput(N, gradient);
    assertEquals(5, gradient[0], "what belongs to others stays");
    gradient[mlp.offset()] -= 2;
    double[] parameters = parameters();
    for (int i = 0; i < parameters.length; i++) {
      double value = parameters[i];
      parameters[i] = value + STEP;
      double above = weighted(parameters, -1, new double[0]);
      parameters[i] = value - STEP;
      double below = weighted(parameters, -1, new double[0]);
      parameters[i] = value;
      assertClose((above - below) / (2 * STEP), gradient[mlp.offset() + i], "by parameter " + i);
    }
    for (int row = 0; row < N; row++) {
      for (int i = 0; i < shape.inputs(); i++) {
        double[] input = row(row);
        input[i] += STEP;
        double above = weighted(parameters, row, input);
        input[i] -= 2 * STEP;
        double below = weighted(parameters, row, input);
        assertClose(
            (above - below) / (2 * STEP),
            pass.inputGradient()[row * shape.inputs() + i],
            "by input %d of row %d".formatted(i, row));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void tangents_equal_central_differences(Activation activation) {
    make(activation);
    pass.forward(N);
    float[] direction = new float[mlp.parameters().length];
    for (int i = 0; i < direction.length; i++) {
      direction[i] = (float) random.nextGaussian();
    }
    pass.tangent(N, direction);
    double[] above = parameters();
    double[] below = parameters();
    for (int i = 0; i < above.length; i++) {
      above[i] += STEP * direction[mlp.offset() + i];
      below[i] -= STEP * direction[mlp.offset() + i];
    }
    for (int row = 0; row < N; row++) {
      double[] up = ReferenceMlp.forward(shape, above, row(row));
      double[] down = ReferenceMlp.forward(shape, below, row(row));
      for (int i = 0; i < up.length; i++) {
        assertClose(
            (up[i] - down[i]) / (2 * STEP),
            pass.outputTangent()[row * up.length + i],
            row + ", " + i);
      }
    }
  }

  @Test
  void initial_weights_are_orthonormal_rows_or_columns() {
    for (int[] size : new int[][] {{4, 9}, {9, 4}, {6, 6}}) {
      double[][] rows = Orthogonal.rows(size[0], size[1], random);
      boolean wide = size[0] <= size[1];
      int count = Math.min(size[0], size[1]);
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
          double dot = 0;
          for (int k = 0; k < Math.max(size[0], size[1]); k++) {
            dot += wide ? rows[i][k] * rows[j][k] : rows[k][i] * rows[k][j];
          }
          assertEquals(i == j ? 1 : 0, dot, 1e-12);
        }
      }
    }
  }

  @Test
  void tanh_is_right_to_single_precision() {
    for (int i = -100_000; i <= 100_000; i++) {
      float x = i * 1e-4f;
      assertEquals(Math.tanh(x), Activation.tanh(x), 4e-7);
    }
    assertEquals(1, Activation.tanh(Float.POSITIVE_INFINITY), 4e-7);
  }

  @Test
  void steep_layers_are_limited_and_flat_ones_left_alone() {
    make(Activation.TANH);
    for (int i = 0; i < 42; i++) {
      mlp.parameters()[mlp.offset() + i] *= 7;
    }
    mlp.decay(0.5);
    float[] last = mlp.weights(2);
    for (int i = 0; i < last.length; i++) {
      assertTrue(Math.abs(last[i]) < 1);
    }
    assertTrue(largestSingularValue(0) > 2);
    Mlp.Spectrum spectrum = mlp.spectrum();
    for (int i = 0; i < 30; i++) {
      spectrum.limit();
    }
    assertEquals(1, largestSingularValue(0), 1e-3);
    assertTrue(largestSingularValue(2) < 1);
    assertArrayEquals(last, mlp.weights(2));
  }

  /** By power iteration on WᵀW, to convergence. */
  private double largestSingularValue(int layer) {
    float[] w = mlp.weights(layer);
    int units = mlp.units(layer);
    int inputs = mlp.inputs(layer);
    double[] v = random.doubles(inputs, -1, 1).toArray();
    double largest = 0;
    for (int step = 0; step < 2000; step++) {
      double[] u = new double[units];
      double[] next = new double[inputs];
      double squares = 0;
      for (int unit = 0; unit < units; unit++) {
        for (int input = 0; input < inputs; input++) {
          u[unit] += w[input * units + unit] * v[input];
        }
      }
      for (int input = 0; input < inputs; input++) {
        for (int unit = 0; unit < units; unit++) {
          next[input] += w[input * units + unit] * u[unit];
        }
        squares += next[input] * next[input];
      }
      largest = Math.sqrt(Math.sqrt(squares));
      for (int input = 0; input < inputs; input++) {
        v[input] = next[input] / Math.sqrt(squares);
      }
    }
    return largest;
  }

  @Test
  void too_few_parameters_are_refused() {
    assertThrows(IllegalArgumentException.class, () -> new Mlp(shape, new float[10], 0));
  }
}
