package io.gymbridge.policies;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.policies.Outcome.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The graphs are those of {@code testdata/onnx}, which its {@code make.py} wrote. */
class OnnxImportTest {
  private static final Path GRAPHS =
      Path.of(System.getProperty("gymbridge.root", ".."), "testdata", "onnx");
  private static final Space THREE = Box.of(DType.FLOAT32, -9, 9, 3);
  private static final Space TWO = Box.of(DType.FLOAT32, -20, 20, 2);

  @TempDir Path folder = Path.of("");

  private static byte[] graph(String name) throws IOException {
    return Files.readAllBytes(GRAPHS.resolve(name));
  }

  private static OnnxImport importing(Space observations, Space actions) {
    return new OnnxImport(observations, actions, Map.of(), Map.of(), Map.of(), null, null, false);
  }

  private static OnnxImport lstm(Map<Role, String> outputs) {
    return new OnnxImport(
        THREE, TWO, Map.of(), outputs, Map.of("h", "h_next", "c", "c_next"), null, null, false);
  }

  private PolicyBundle written(PolicyBundle bundle) throws IOException {
    Path file = folder.resolve("policy.zip");
    bundle.write(file);
    return PolicyBundle.read(file);
  }

  private static void assertUnclear(OnnxImport importing, String graph, String... reasons)
      throws IOException {
    byte[] onnx = graph(graph);
    GymException error =
        assertThrows(GymException.class, () -> importing.bundle(onnx, "x", "", null, 0));
    assertEquals(Kind.INVALID_ARGUMENT, error.kind());
    for (String reason : reasons) {
      assertTrue(error.getMessage().contains(reason), error.getMessage());
    }
  }

  @Test
  void recurrent_policy_acts_as_the_reference_evaluator_step_by_step() throws IOException {
    Map<Role, String> outputs = Map.of(Role.ACTIONS, "mu", Role.VALUE, "v");
    PolicyBundle bundle = written(lstm(outputs).bundle(graph("lstm.onnx"), "lstm", "", null, 0));
    Signature signature = bundle.manifest().signature();
    assertNotNull(signature);
    assertEquals("episode_starts", signature.episodeStarts());
    JsonNode steps = new ObjectMapper().readTree(GRAPHS.resolve("lstm.json").toFile());
    try (OnnxPolicy policy = bundle.policy(0)) {
      assertEquals(
          Map.of(
              "c", Box.of(DType.FLOAT32, -1 / 0.0, 1 / 0.0, 1, 8),
              "h", Box.of(DType.FLOAT32, -1 / 0.0, 1 / 0.0, 1, 8)),
          java.util.Objects.requireNonNull(policy.stateSpace()).spaces());
      Value state = null;
      for (JsonNode step : steps) {
        NdArray observation = floats(step.get("observation"));
        Answer answer =
            policy.answer(new Question(observation, true, null, null, state, false, true));
        assertArrayEquals(
            floats(step.get("action")).toDoubles(), answer.actions().array().toDoubles(), 1e-5);
        assertArrayEquals(
            new float[] {(float) step.get("value").asDouble()}, answer.values(), 1e-5f);
        state = answer.state();
      }
      GymException error =
          assertThrows(GymException.class, () -> policy.act(NdArray.of(new float[3], 1, 3), true));
      assertEquals(Kind.FAILED_PRECONDITION, error.kind());
    }
  }

  private static NdArray floats(JsonNode json) {
    float[] values = new float[json.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) json.get(i).asDouble();
    }
    return NdArray.of(values, 1, values.length);
  }

  @Test
  void episodes_side_by_side_keep_their_own_state() throws IOException {
    PolicyBundle bundle =
        lstm(Map.of(Role.ACTIONS, "mu")).bundle(graph("lstm.onnx"), "lstm", "", null, 0);
    SplittableRandom random = new SplittableRandom(0);
    NdArray[] batches = new NdArray[4];
    for (int t = 0; t < batches.length; t++) {
      batches[t] = NdArray.ofDoubles(DType.FLOAT32, random.doubles(9, -1, 1).toArray(), 3, 3);
    }
    try (OnnxPolicy policy = bundle.policy(0)) {
      Value[] together = new Value[batches.length];
      Value state = null;
      for (int t = 0; t < batches.length; t++) {
        Answer answer =
            policy.answer(new Question(batches[t], true, null, null, state, false, false));
        together[t] = answer.actions();
        state = answer.state();
      }
      for (int row = 0; row < 3; row++) {
        Value own = null;
        for (int t = 0; t < batches.length; t++) {
          Question alone =
              new Question(batches[t].slice(row, 1), true, null, null, own, false, false);
          Question other = new Question(batches[0], true);
          Answer answer =
              assertInstanceOf(Answer.class, policy.answer(List.of(other, alone)).get(1));
          assertArrayEquals(
              together[t].row(row).array().toDoubles(), answer.actions().array().toDoubles(), 1e-6);
          own = answer.state();
        }
      }
      Value last = state;
      Question wrong = new Question(batches[0].slice(0, 1), true, null, null, last, false, false);
      GymException error = assertThrows(GymException.class, () -> policy.answer(wrong));
      assertTrue(error.getMessage().contains("expected a batch of 1 from"), error.getMessage());
    }
  }

  @Test
  void images_and_vectors_of_a_dict_go_into_their_inputs() throws IOException {
    Map<String, Space> parts = new LinkedHashMap<>();
    parts.put("pose", Box.of(DType.FLOAT64, -1, 1, 2));
    parts.put("image", Box.of(DType.UINT8, 0, 255, 4, 4, 1));
    Dict space = new Dict(parts);
    OnnxImport importing =
        new OnnxImport(
            space,
            new Discrete(3),
            Map.of("image", "camera"),
            Map.of(Role.Q_VALUES, "scores"),
            Map.of(),
            null,
            null,
            false);
    PolicyBundle bundle = written(importing.bundle(graph("pixels.onnx"), "pixels", "", null, 3));
    assertFalse(bundle.manifest().stochastic());
    assertInstanceOf(DictValue.class, bundle.manifest().goldenObservations());
    try (OnnxPolicy policy = bundle.policy(0)) {
      assertTrue(policy.masks());
      SplittableRandom random = new SplittableRandom(1);
      List<Value> members = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        members.add(space.sample(random));
      }
      NdArray actions = policy.act(space.stack(members), true);
      NdArray mask = NdArray.ofLongs(DType.INT8, new long[] {1, 1, 1}, 1, 3);
      for (int i = 0; i < 5; i++) {
        Value one = space.stack(List.of(members.get(i)));
        assertEquals(actions.getLong(i), policy.act(one, true).getLong(0));
        long[] others = mask.toLongs();
        others[(int) actions.getLong(i)] = 0;
        NdArray second = NdArray.ofLongs(DType.INT8, others, 1, 3);
        Question masked = new Question(one, false, null, second, null, false, false);
        assertNotEquals(actions.getLong(i), policy.answer(masked).actions().array().getLong(0));
      }
    }
    assertUnclear(
        importing(space, new Discrete(3)), "pixels.onnx", "its role is logits or q_values");
    parts.put("more", THREE);
    parts.remove("image");
    assertUnclear(
        importing(new Dict(parts), new Discrete(3)),
        "pixels.onnx",
        "its input \"camera\" is float32[?, 4, 4, 1]");
  }

  @Test
  void graph_for_batches_of_one_is_run_row_by_row_and_rescaled() throws IOException {
    Box box = new Box(NdArray.of(new float[] {-2, 0}, 2), NdArray.of(new float[] {2, 10}, 2));
    OnnxImport importing =
        new OnnxImport(THREE, box, Map.of(), Map.of(), Map.of(), null, null, true);
    PolicyBundle bundle = written(importing.bundle(graph("single.onnx"), "one", "", null, 0));
    OnnxImport raw = importing(THREE, box);
    NdArray batch =
        NdArray.ofDoubles(DType.FLOAT32, new SplittableRandom(5).doubles(15).toArray(), 5, 3);
    try (OnnxPolicy policy = bundle.policy(0);
        OnnxPolicy unscaled = raw.bundle(graph("single.onnx"), "one", "", null, 0).policy(0)) {
      NdArray got = policy.act(batch, true);
      for (int row = 0; row < 5; row++) {
        NdArray tanh = unscaled.answer(new Question(batch.slice(row, 1), true)).actions().array();
        assertEquals(2 * tanh.getDouble(0), got.getDouble(2 * row), 1e-6);
        assertEquals(5 + 5 * tanh.getDouble(1), got.getDouble(2 * row + 1), 1e-6);
      }
      assertNotEquals(
          bundle.version(),
          raw.bundle(graph("single.onnx"), "one", "", null, 0).version(),
          "what is made of the graph's actions is part of the policy");
    }
  }

  @Test
  void graph_with_the_usual_names_needs_no_signature() {
    PolicyBundle bundle = importing(TWO, TWO).bundle(TinyOnnx.gaussian(), "twice", "", null, 0);
    assertNull(bundle.manifest().signature());
    assertTrue(bundle.manifest().stochastic());
  }

  @Test
  void what_does_not_fit_is_refused_with_what_the_graph_has() throws IOException {
    assertUnclear(
        importing(Box.of(DType.FLOAT32, 0, 1, 4), TWO),
        "single.onnx",
        "\"input\" is float32[1, 3]",
        "float32[4]");
    assertUnclear(
        importing(THREE, Box.of(DType.FLOAT32, 0, 1, 3)), "single.onnx", "with 3 numbers each");
    assertUnclear(
        lstm(Map.of()), "lstm.onnx", "which output has the actions?", "\"v\" float[?, 1]");
    assertUnclear(
        importing(THREE, TWO), "lstm.onnx", "which input is for", "\"episode_starts\" float[?]");
    assertUnclear(
        lstm(Map.of(Role.ACTIONS, "mu", Role.VALUE, "nu")), "lstm.onnx", "no outputs [nu]");
    assertUnclear(lstm(Map.of(Role.LOGITS, "mu")), "lstm.onnx", "are no parameters for");
    OnnxImport axis =
        new OnnxImport(
            THREE,
            TWO,
            Map.of(),
            Map.of(Role.ACTIONS, "mu"),
            Map.of("h", "h_next", "c", "c_next"),
            0,
            null,
            false);
    assertUnclear(axis, "lstm.onnx", "with N at axis 0");
    OnnxImport unbounded =
        new OnnxImport(
            THREE,
            Box.of(DType.FLOAT32, -1 / 0.0, 1, 2),
            Map.of(),
            Map.of(),
            Map.of(),
            null,
            null,
            true);
    assertUnclear(unbounded, "single.onnx", "it has no bounds");
  }

  /** {@code sb3.py} exported these, and recorded what Stable-Baselines3 itself does. */
  private void assertActsAsRecorded(String name, OnnxImport importing) throws IOException {
    PolicyBundle bundle = written(importing.bundle(graph(name + ".onnx"), name, "", null, 0));
    JsonNode recorded = new ObjectMapper().readTree(GRAPHS.resolve("sb3.json").toFile()).get(name);
    try (OnnxPolicy policy = bundle.policy(0)) {
      Value state = null;
      for (int i = 0; i < recorded.get("observations").size(); i++) {
        NdArray observation = floats(recorded.get("observations").get(i));
        Question question = new Question(observation, true, null, null, state, false, false);
        Answer answer = policy.answer(question);
        NdArray actions = answer.actions().array();
        NdArray clipped = policy.actionSpace() instanceof Box box ? box.clip(actions) : actions;
        assertArrayEquals(
            floats(recorded.get("actions").get(i)).toDoubles(),
            clipped.toDoubles(),
            1e-5,
            name + " " + i);
        state = answer.state();
      }
    }
  }

  @Test
  void exports_of_stable_baselines3_act_as_they_do_there() throws IOException {
    Space four = Box.of(DType.FLOAT32, -1 / 0.0, 1 / 0.0, 4);
    Space torque = Box.of(DType.FLOAT32, -2, 2, 1);
    Discrete two = new Discrete(2);
    assertActsAsRecorded(
        "sb3-ppo",
        new OnnxImport(
            four, two, Map.of(), Map.of(Role.VALUE, "values"), Map.of(), null, null, false));
    assertActsAsRecorded(
        "sb3-dqn",
        new OnnxImport(
            four, two, Map.of(), Map.of(Role.Q_VALUES, "13"), Map.of(), null, null, false));
    assertActsAsRecorded(
        "sb3-sac", new OnnxImport(THREE, torque, Map.of(), Map.of(), Map.of(), null, null, true));
    Map<String, String> states = new LinkedHashMap<>();
    for (String part : List.of("h_pi", "c_pi", "h_vf", "c_vf")) {
      states.put(part, part + "_next");
    }
    assertActsAsRecorded(
        "sb3-lstm",
        new OnnxImport(
            THREE, torque, Map.of(), Map.of(Role.VALUE, "values"), states, null, null, false));
  }
}
