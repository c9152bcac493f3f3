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
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Back-propagation against central differences, in double precision. */
class GradientTest {
  private static final int N = 8;
  private static final double STEP = 1e-6;

  static List<Space> actions() {
    return List.of(
        Box.of(DType.FLOAT32, -2, 3, 2),
        Box.of(DType.FLOAT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 3),
        new Discrete(4, 2, DType.INT64),
        MultiDiscrete.of(2, 3));
  }

  @ParameterizedTest
  @MethodSource("actions")
  void gradient_of_the_loss_equals_its_differences(Space actions) {
    assertGradient(actions, PolicyNetwork.HiddenActivation.TANH);
    assertGradient(actions, PolicyNetwork.HiddenActivation.RELU);
  }

  private static void assertGradient(Space actions, PolicyNetwork.HiddenActivation activation) {
    Box observations = Box.of(DType.FLOAT64, -1, 1, 5);
    PolicyNetwork network =
        PolicyNetwork.create(
            observations,
            actions,
            new PolicyNetwork.Architecture(List.of(7, 6), activation),
            3,
            DataType.DOUBLE);
    SplittableRandom random = new SplittableRandom(5);
    List<Value> seen = new ArrayList<>();
    List<Value> done = new ArrayList<>();
    for (int i = 0; i < N; i++) {
      seen.add(observations.sample(random));
      done.add(actions.sample(random));
    }
    float[] features = network.encoder().encode(Value.stack(seen));
    float[] targets = network.head().targets(Value.stack(done));
    int[] rows = IntStream.range(0, N).toArray();

    double[] gradient = gradient(network, features, targets, rows);
    INDArray parameters = network.network().params();
    for (int i = 0; i < gradient.length; i += 3) {
      double value = parameters.getDouble(i);
      parameters.putScalar(i, value + STEP);
      double above = loss(network, features, targets, rows);
      parameters.putScalar(i, value - STEP);
      double below = loss(network, features, targets, rows);
      parameters.putScalar(i, value);
      double expected = (above - below) / (2 * STEP);
      assertEquals(expected, gradient[i], 1e-7 + 1e-6 * Math.abs(expected), "parameter " + i);
    }
  }

  /** The Gaussian's deviation follows the data; here it has to stay where it is. */
  private static double loss(PolicyNetwork network, float[] features, float[] targets, int[] rows) {
    double[] variance =
        network.head() instanceof GaussianHead head ? head.variance() : new double[0];
    double loss = new NetworkTrainer(network, N).computeGradient(features, targets, rows, 0);
    if (network.head() instanceof GaussianHead head) {
      head.restore(head.center(), head.scale(), variance);
    }
    return loss;
  }

  private static double[] gradient(
      PolicyNetwork network, float[] features, float[] targets, int[] rows) {
    double[] variance =
        network.head() instanceof GaussianHead head ? head.variance() : new double[0];
    NetworkTrainer trainer = new NetworkTrainer(network, N);
    trainer.computeGradient(features, targets, rows, 0);
    if (network.head() instanceof GaussianHead head) {
      head.restore(head.center(), head.scale(), variance);
    }
    return trainer.gradient();
  }
}
