package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Transitions;
import io.gymbridge.policies.OnnxPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BehavioralCloningTest {
  private static final BehavioralCloning.Config CONFIG =
      BehavioralCloning.Config.defaults().withSteps(4_000);

  @Test
  void smooth_function_is_learned() {
    PolicyNetwork network = new BehavioralCloning(CONFIG).train(Problems.smooth(4_000, 1));
    double error = Problems.meanSquaredError(network, Problems.smooth(1_000, 2));
    assertTrue(error < 5e-3, "error on data it never saw: " + error);
  }

  @Test
  void same_seed_gives_the_same_bits_and_another_seed_others() {
    BehavioralCloning.Config brief = CONFIG.withSteps(300);
    Transitions data = Problems.smooth(500, 1);
    byte[] one = new BehavioralCloning(brief.withSeed(0)).train(data).toOnnx();
    byte[] two = new BehavioralCloning(brief.withSeed(0)).train(data).toOnnx();
    byte[] other = new BehavioralCloning(brief.withSeed(5)).train(data).toOnnx();
    assertArrayEquals(one, two);
    assertFalse(Arrays.equals(one, other));
  }

  @Test
  void held_out_data_is_as_large_as_the_data_allows() {
    assertEquals(BehavioralCloning.HeldOut.TRAJECTORIES, heldOut(Problems.smooth(500, 1)));
    assertEquals(
        BehavioralCloning.HeldOut.TRANSITIONS,
        heldOut(Problems.random(Problems.OBSERVATIONS, Problems.ACTIONS, 100, 1)));
    assertEquals(
        BehavioralCloning.HeldOut.NOTHING,
        heldOut(Problems.random(Problems.OBSERVATIONS, Problems.ACTIONS, 3, 1)));
  }

  private static BehavioralCloning.HeldOut heldOut(Transitions data) {
    List<BehavioralCloning.HeldOut> seen = new ArrayList<>();
    new BehavioralCloning(CONFIG.withSteps(250), progress -> seen.add(progress.heldOut()))
        .train(data);
    return seen.get(0);
  }

  @Test
  void training_stops_early_when_there_is_nothing_to_learn() {
    AtomicInteger last = new AtomicInteger();
    new BehavioralCloning(CONFIG.withSteps(50_000), progress -> last.set(progress.step()))
        .train(Problems.random(Problems.OBSERVATIONS, Problems.ACTIONS, 200, 1));
    assertTrue(last.get() < 10_000, "stopped after " + last.get());
  }

  static Stream<Arguments> spaces() {
    List<Space> observations =
        List.of(
            Box.of(DType.FLOAT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 4),
            Box.of(DType.FLOAT32, -3, 7, 2, 3),
            Box.of(DType.UINT8, 0, 255, 5),
            new Discrete(6, -2, DType.INT64));
    List<Space> actions =
        List.of(
            Box.of(DType.FLOAT32, -1, 4, 3),
            new Discrete(5, 3, DType.INT64),
            MultiDiscrete.of(2, 4));
    return observations.stream().flatMap(o -> actions.stream().map(a -> Arguments.of(o, a)));
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void onnx_acts_as_dl4j_does(Space observations, Space actions) {
    Transitions data = Problems.random(observations, actions, 64, 7);
    PolicyNetwork network = new BehavioralCloning(CONFIG.withSteps(100)).train(data);
    NdArray expected = network.decide(data.observations());
    try (OnnxPolicy policy = network.toPolicy(0)) {
      NdArray got = policy.act(data.observations(), true);
      assertEquals(expected.dtype(), got.dtype());
      assertArrayEquals(expected.shape(), got.shape());
      assertArrayEquals(expected.toDoubles(), got.toDoubles(), 1e-5);
      for (int row = 0; row < 64; row++) {
        assertTrue(
            actions.contains(policy.act(data.observations(), false).row(row)),
            "samples are actions");
      }
    }
  }

  @Test
  void samples_repeat_with_the_seed() {
    Transitions data = Problems.smooth(64, 1);
    PolicyNetwork network = new BehavioralCloning(CONFIG.withSteps(50)).train(data);
    try (OnnxPolicy one = network.toPolicy(1);
        OnnxPolicy two = network.toPolicy(1);
        OnnxPolicy other = network.toPolicy(2)) {
      NdArray sample = one.act(data.observations(), false);
      assertEquals(sample, two.act(data.observations(), false));
      assertFalse(sample.equals(other.act(data.observations(), false)));
      assertFalse(sample.equals(one.act(data.observations(), false)), "the next sample is another");
    }
  }

  @Test
  void spaces_without_a_head_are_refused() {
    for (Transitions data :
        List.of(
            Problems.random(Problems.OBSERVATIONS, MultiBinary.of(3), 20, 1),
            Problems.random(MultiBinary.of(3), Problems.ACTIONS, 20, 1))) {
      GymException error =
          assertThrows(GymException.class, () -> new BehavioralCloning(CONFIG).train(data));
      assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
      assertTrue(error.getMessage().contains("MultiBinary"), error.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 50})
  void tiny_data_is_cloned(int n) {
    Transitions data = Problems.smooth(n, 1);
    List<BehavioralCloning.HeldOut> seen = new ArrayList<>();
    PolicyNetwork network =
        new BehavioralCloning(CONFIG.withSteps(500), progress -> seen.add(progress.heldOut()))
            .train(data);
    assertEquals(
        n == 5 ? BehavioralCloning.HeldOut.NOTHING : BehavioralCloning.HeldOut.TRAJECTORIES,
        seen.get(0));
    double error = Problems.meanSquaredError(network, data);
    assertTrue(error < 0.1, "error on the data itself: " + error);
  }

  @Test
  void early_stopping_keeps_the_best_network() {
    Transitions data = Problems.random(Problems.OBSERVATIONS, Problems.ACTIONS, 200, 1);
    PolicyNetwork network =
        PolicyNetwork.create(
            data.observationSpace(), data.actionSpace(), CONFIG.architecture(), CONFIG.seed());
    Dataset dataset = new Dataset(network.encoder(), network.head());
    dataset.add(data.observations(), data.actions(), data.episodes());
    List<float[]> best = new ArrayList<>();
    List<float[]> last = new ArrayList<>();
    new BehavioralCloning(
            CONFIG,
            progress -> {
              float[] now = network.trained().clone();
              last.add(now);
              if (progress.best()) {
                best.add(now);
              }
            })
        .train(network, dataset);
    float[] kept = network.trained().clone();
    assertArrayEquals(best.get(best.size() - 1), kept);
    assertFalse(Arrays.equals(last.get(last.size() - 1), kept), "the last was worse");
  }

  @Test
  void actions_that_are_not_finite_are_refused() {
    Box unbounded = Box.of(DType.FLOAT32, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 1);
    for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      NdArray seen = NdArray.of(new double[6], 2, 3);
      Transitions data =
          new Transitions(
              Problems.OBSERVATIONS,
              unbounded,
              seen,
              NdArray.of(new float[] {0, wrong}, 2, 1),
              seen,
              new boolean[2],
              new int[2]);
      GymException error =
          assertThrows(GymException.class, () -> new BehavioralCloning(CONFIG).train(data));
      assertTrue(error.getMessage().contains("action 1, component 0"), error.getMessage());
    }
  }

  @Test
  void exported_policy_refuses_nan_observations() {
    Transitions data = Problems.smooth(64, 1);
    PolicyNetwork network = new BehavioralCloning(CONFIG.withSteps(50)).train(data);
    NdArray wrong = NdArray.of(new double[] {0, 0, 0, 0, Double.NaN, 0}, 2, 3);
    try (OnnxPolicy policy = network.toPolicy(0)) {
      for (boolean deterministic : new boolean[] {true, false}) {
        GymException error =
            assertThrows(GymException.class, () -> policy.act(wrong, deterministic));
        assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
        assertTrue(error.getMessage().contains("row 1"), error.getMessage());
      }
    }
  }

  private static BehavioralCloning.Config with(Loss loss, double weightDecay, int steps) {
    return new BehavioralCloning.Config(
        CONFIG.architecture(), steps, 64, 1e-2, weightDecay, loss, 0.1, 250, 10, 0);
  }

  @Test
  void squared_errors_are_made_small_as_well_as_likelihoods() {
    Transitions data = Problems.smooth(2_000, 1);
    List<Double> losses = new ArrayList<>();
    PolicyNetwork network =
        new BehavioralCloning(
                with(Loss.MSE, 0, 3_000), progress -> losses.add(progress.heldOutLoss()))
            .train(data);
    double error = Problems.meanSquaredError(network, Problems.smooth(500, 2));
    assertTrue(error < 0.01, "error " + error);
    // Actions span [-2, 2], units [-1, 1]: the loss is a quarter of the squared error.
    double least = losses.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    assertEquals(error / 4, least, error / 4);
  }

  @Test
  void squared_errors_between_choices_are_refused() {
    Transitions choices = Problems.random(Problems.OBSERVATIONS, new Discrete(3), 50, 1);
    GymException error =
        assertThrows(
            GymException.class, () -> new BehavioralCloning(with(Loss.MSE, 0, 10)).train(choices));
    assertTrue(error.getMessage().contains("loss=likelihood"), error.getMessage());
  }

  @Test
  void weight_decay_makes_weights_smaller_by_learning_rate_times_decay() {
    Transitions data = Problems.smooth(64, 1);
    PolicyNetwork network =
        PolicyNetwork.create(data.observationSpace(), data.actionSpace(), CONFIG.architecture(), 0);
    Dataset dataset = new Dataset(network.encoder(), network.head());
    dataset.add(data.observations(), data.actions(), data.episodes());
    dataset.normalise(network);
    float[] begin = network.trained();
    float[] plain = trained(with(Loss.MSE, 0, 1), data);
    float[] decayed = trained(with(Loss.MSE, 0.5, 1), data);
    int weights = 64 * Problems.OBSERVATIONS.flatSize();
    for (int i = 0; i < weights; i++) {
      // Both took the same step, one from a weight that was smaller by 1e-2 × 0.5.
      double step = plain[i] - begin[i];
      assertEquals(begin[i] * (1 - 1e-2 * 0.5) + step, decayed[i], 1e-6);
    }
    for (int i = weights; i < weights + 64; i++) {
      assertEquals(plain[i], decayed[i], "biases stay");
    }
  }

  private static float[] trained(BehavioralCloning.Config config, Transitions data) {
    return new BehavioralCloning(config).train(data).trained();
  }

  @Test
  void training_goes_on_where_a_network_stands() {
    Transitions data = Problems.smooth(500, 1);
    PolicyNetwork network = new BehavioralCloning(with(Loss.MSE, 0, 2_000)).train(data);
    double before = Problems.meanSquaredError(network, data);
    BehavioralCloning.Config gentle =
        new BehavioralCloning.Config(
            CONFIG.architecture(), 1, 64, 1e-5, 0, Loss.MSE, 0.1, 250, 10, 0);
    byte[] start = network.toOnnx();
    double after =
        Problems.meanSquaredError(new BehavioralCloning(gentle).train(data, network), data);
    assertEquals(before, after, before / 2);
    assertArrayEquals(start, network.toOnnx(), "the start is not changed");
    Transitions other = Problems.random(Problems.OBSERVATIONS, new Discrete(3), 50, 1);
    GymException error =
        assertThrows(GymException.class, () -> new BehavioralCloning(CONFIG).train(other, network));
    assertTrue(error.getMessage().contains("the policy to start from is"), error.getMessage());
  }
}
