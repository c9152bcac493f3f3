package io.gymbridge.policies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtSession;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Networks computed in Java, beside ONNX Runtime. */
class SmallNetworkTest {
  private static final Box ACTIONS = Box.of(DType.FLOAT32, -1, 1, 6);

  private static Box observations(int size) {
    return Box.of(DType.FLOAT32, -9, 9, size);
  }

  private static @Nullable SmallNetwork network(byte[] onnx, Space observations, Space actions)
      throws Exception {
    OrtSession session = OnnxRuntime.load(onnx);
    try {
      return SmallNetwork.of(
          onnx, new GraphPlan(session, null, observations, actions), observations);
    } finally {
      session.close();
    }
  }

  @Test
  void networks_of_usual_sizes_are_computed_here_and_give_what_onnx_runtime_does()
      throws Exception {
    for (int hidden : new int[] {1, 5, 16, 64, 256}) {
      for (int inputs : new int[] {1, 3, 17}) {
        byte[] onnx = TinyOnnx.network(inputs, hidden, 6);
        assertNotNull(network(onnx, observations(inputs), ACTIONS), hidden + " units");
        try (OnnxPolicy policy = new OnnxPolicy(onnx, observations(inputs), ACTIONS, 0)) {
          // More rows than are computed here.
          int n = 40;
          double[] numbers =
              new SplittableRandom(hidden).doubles((long) n * inputs, -9, 9).toArray();
          NdArray batch = NdArray.ofDoubles(DType.FLOAT32, numbers, n, inputs);
          for (String output : List.of("actions", "mean", "log_std", "value")) {
            NdArray together = policy.run(batch, output);
            int size = together.size() / n;
            for (int row = 0; row < n; row++) {
              NdArray alone = policy.run(batch.slice(row, 1), output);
              for (int i = 0; i < size; i++) {
                assertEquals(together.getDouble(row * size + i), alone.getDouble(i), 1e-5, output);
              }
            }
          }
        }
      }
    }
  }

  @Test
  void choices_are_computed_here_too() throws Exception {
    assertNotNull(network(TinyOnnx.categorical(), observations(2), new Discrete(2)));
  }

  @Test
  void what_is_large_or_unusual_is_left_to_onnx_runtime() throws Exception {
    assertNull(network(TinyOnnx.network(17, 512, 6), observations(17), ACTIONS));
    byte[] unusual =
        TinyOnnx.model(
            TinyOnnx.join(
                TinyOnnx.operator("Elu", List.of("observations"), List.of("actions")),
                TinyOnnx.declared(11, "observations", TinyOnnx.FLOAT, 0, 6),
                TinyOnnx.declared(12, "actions", TinyOnnx.FLOAT, 0, 6)));
    assertNull(network(unusual, observations(6), ACTIONS));
    try (OnnxPolicy policy = new OnnxPolicy(unusual, observations(6), ACTIONS, 0)) {
      assertEquals(
          Math.expm1(-1),
          policy.run(NdArray.of(new float[] {-1, 0, 0, 0, 0, 0}, 1, 6), "actions").getDouble(0),
          1e-6);
    }
  }

  @Test
  void operators_that_are_meant_otherwise_are_left_to_onnx_runtime() throws Exception {
    byte[] fromTheEnd =
        TinyOnnx.model(
            TinyOnnx.join(
                TinyOnnx.operator(
                    "Slice", List.of("observations", "first", "last", "axes"), List.of("some")),
                TinyOnnx.operator(
                    "ArgMax",
                    List.of("some"),
                    List.of("actions"),
                    TinyOnnx.integer("axis", 1),
                    TinyOnnx.integer("keepdims", 0)),
                TinyOnnx.longs("first", 0),
                TinyOnnx.longs("last", -1),
                TinyOnnx.longs("axes", 1),
                TinyOnnx.declared(11, "observations", TinyOnnx.FLOAT, 0, 3),
                TinyOnnx.declared(12, "actions", TinyOnnx.INT64, 0)));
    assertNull(network(fromTheEnd, observations(3), new Discrete(2)));
    try (OnnxPolicy policy = new OnnxPolicy(fromTheEnd, observations(3), new Discrete(2), 0)) {
      NdArray observation = NdArray.of(new float[] {1, 2, 9}, 1, 3);
      assertEquals(1, policy.run(observation, "actions").getLong(0));
    }
  }

  @Test
  void a_model_that_would_take_much_memory_is_given_up_before_it_does() throws Exception {
    byte[] graph = TinyOnnx.tensor("w", new SplittableRandom(0), 400, 400);
    String last = "observations";
    for (int i = 0; i < 5_000; i++) {
      graph =
          TinyOnnx.join(
              graph,
              TinyOnnx.operator("MatMul", List.of("observations", "w"), List.of("m" + i)),
              TinyOnnx.operator("Add", List.of(last, "m" + i), List.of("a" + i)));
      last = "a" + i;
    }
    OnnxGraph read =
        OnnxGraph.read(
            TinyOnnx.model(
                TinyOnnx.join(
                    graph,
                    TinyOnnx.declared(11, "observations", TinyOnnx.FLOAT, 0, 400),
                    TinyOnnx.declared(12, last, TinyOnnx.FLOAT, 0, 400))));
    assertEquals(10_000, read.nodes().size());
    // Its plan is another's of the same spaces: what counts is when it is given up.
    OrtSession session = OnnxRuntime.load(TinyOnnx.deterministic(400));
    try {
      Box actions = Box.of(DType.FLOAT32, -1, 1, 400);
      GraphPlan plan = new GraphPlan(session, null, observations(400), actions);
      Map<String, OnnxGraph.@Nullable Constant> constants = read.constants();
      List<OnnxGraph.Node> nodes = new ArrayList<>(read.nodes());
      nodes.add(
          new OnnxGraph.Node("Identity", List.of(last), List.of("actions"), Map.of(), Map.of()));
      assertNull(SmallNetwork.of(new OnnxGraph(nodes, constants), plan, observations(400)));
    } finally {
      session.close();
    }
  }

  @Test
  void nan_is_refused_and_infinity_is_not() {
    try (OnnxPolicy policy =
        new OnnxPolicy(TinyOnnx.network(2, 8, 6), observations(2), ACTIONS, 0)) {
      float[] bad = {Float.NaN, 0};
      assertThrows(GymException.class, () -> policy.run(NdArray.of(bad, 1, 2), "actions"));
      float[] far = {3e38f, -3e38f};
      NdArray actions = policy.run(NdArray.of(far, 1, 2), "actions");
      assertEquals(-1, actions.firstNotFinite());
    }
    try (OnnxPolicy choosing =
        new OnnxPolicy(TinyOnnx.categorical(), observations(2), new Discrete(2), 0)) {
      float[] bad = {Float.NaN, 0};
      assertThrows(GymException.class, () -> choosing.run(NdArray.of(bad, 1, 2), "actions"));
    }
  }

  @Test
  void tanh_is_within_its_bound_everywhere() {
    float[] from = new float[200_001];
    for (int i = 0; i < from.length; i++) {
      from[i] = (i - 100_000) * 1e-4f;
    }
    float[] out = new float[from.length];
    Layers.tanh(from, out);
    for (int i = 0; i < from.length; i++) {
      assertEquals(Math.tanh(from[i]), out[i], 4e-7, "tanh of " + from[i]);
    }
    float[] ends = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, -0.0f};
    float[] limits = new float[4];
    Layers.tanh(ends, limits);
    assertTrue(limits[0] > 0.999999 && limits[1] < -0.999999);
    assertTrue(Float.isNaN(limits[2]));
    assertFalse(limits[3] > 0);
  }
}
