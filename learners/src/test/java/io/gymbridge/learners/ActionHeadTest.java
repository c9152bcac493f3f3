package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ActionHeadTest {
  private static final int N = 8;

  static List<Space> actions() {
    return List.of(
        Box.of(DType.FLOAT32, -2, 3, 2),
        Box.of(DType.FLOAT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 3),
        new Discrete(4, 2, DType.INT64),
        MultiDiscrete.of(2, 3));
  }

  private final SplittableRandom random = new SplittableRandom(5);

  private float[] targets(ActionHead head, Space actions) {
    List<Value> done = new ArrayList<>();
    for (int i = 0; i < N; i++) {
      done.add(actions.sample(random));
    }
    return head.targets(Value.stack(done));
  }

  @ParameterizedTest
  @MethodSource("actions")
  void gradient_of_the_loss_equals_its_differences(Space actions) {
    gradientEqualsDifferences(Loss.LIKELIHOOD, actions);
    if (actions instanceof Box) {
      gradientEqualsDifferences(Loss.MSE, actions);
    }
  }

  private void gradientEqualsDifferences(Loss kind, Space actions) {
    ActionHead head = ActionHead.of(actions);
    float[] targets = targets(head, actions);
    int[] rows = IntStream.range(0, N).toArray();
    // Multiples of 2⁻⁸, so that steps are exact in single precision.
    float[] outputs = new float[N * head.outputs()];
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = Math.round(random.nextGaussian() * 100) / 256f;
    }
    float[] gradient = new float[outputs.length];
    head.loss(kind, outputs, targets, rows, 0, N, gradient);
    // The Gaussian's deviation has moved with the data; here it has to be where it was.
    head.bind(new float[head.distribution().shared()], 0);
    for (int i = 0; i < outputs.length; i++) {
      float value = outputs[i];
      float step = 1f / 256;
      outputs[i] = value + step;
      double above = head.loss(kind, outputs, targets, rows);
      outputs[i] = value - step;
      double below = head.loss(kind, outputs, targets, rows);
      outputs[i] = value;
      double expected = (above - below) / (2 * step);
      assertEquals(expected, gradient[i], 1e-5, "output " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("actions")
  void actions_of_the_space_come_back_from_the_distribution_s_units(Space actions) {
    ActionHead head = ActionHead.of(actions);
    for (int i = 0; i < 20; i++) {
      Value batch = Value.stack(List.of(actions.sample(random), actions.sample(random)));
      double[] again = head.toSpace(head.fromSpace(batch), 2).toDoubles();
      double[] expected = batch.array().toDoubles();
      for (int j = 0; j < expected.length; j++) {
        assertEquals(expected[j], again[j], 1e-6 * Math.max(1, Math.abs(expected[j])));
      }
    }
  }
}
