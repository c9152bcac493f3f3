package io.gymbridge.policies;

import static io.gymbridge.policies.TinyOnnx.join;
import static io.gymbridge.policies.TinyOnnx.message;
import static io.gymbridge.policies.TinyOnnx.model;
import static io.gymbridge.policies.TinyOnnx.number;
import static io.gymbridge.policies.TinyOnnx.text;
import static io.gymbridge.policies.TinyOnnx.varint;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.GymException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OnnxCheckTest {
  private static void assertRefused(byte[] onnx, String reason) {
    GymException error = assertThrows(GymException.class, () -> OnnxCheck.check(onnx));
    assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
    assertTrue(error.getMessage().contains(reason), error.getMessage());
  }

  /** A graph of one node whose attribute holds {@code attribute}. */
  private static byte[] withAttribute(byte[] attribute) {
    return message(1, message(5, attribute));
  }

  @Test
  void standard_models_pass() {
    OnnxCheck.check(TinyOnnx.gaussian());
    OnnxCheck.check(TinyOnnx.categorical());
    OnnxCheck.check(join(TinyOnnx.gaussian(), message(8, text(1, "ai.onnx"))));
  }

  @Test
  void bytes_that_are_no_model_are_refused() {
    assertRefused(new byte[0], "empty");
    assertRefused("not a model".getBytes(StandardCharsets.UTF_8), "not an ONNX file");
  }

  @Test
  void models_cut_short_are_refused_by_check_or_runtime_and_never_crash() {
    byte[] whole = TinyOnnx.gaussian();
    for (int length = 0; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      GymException error =
          assertThrows(
              GymException.class,
              () ->
                  new OnnxPolicy(part, OnnxPolicyTest.OBSERVATIONS, OnnxPolicyTest.ACTIONS, 0)
                      .close());
      assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
    }
  }

  @Test
  void operators_of_other_domains_are_refused() {
    assertRefused(model(message(1, text(7, "com.example"))), "com.example");
    assertRefused(join(TinyOnnx.gaussian(), message(8, text(1, "com.example"))), "com.example");
    byte[] inner = message(1, text(7, "com.example"));
    assertRefused(model(withAttribute(message(6, inner))), "com.example");
    assertRefused(model(withAttribute(message(11, inner))), "com.example");
  }

  @Test
  void data_in_other_files_is_refused_wherever_a_tensor_can_be() {
    byte[] located = number(14, 1);
    byte[] external = message(13, text(1, "location"));
    for (byte[] tensor : new byte[][] {located, external}) {
      assertRefused(model(message(5, tensor)), "another file");
      assertRefused(model(message(15, message(1, tensor))), "another file");
      assertRefused(model(withAttribute(message(5, tensor))), "another file");
      assertRefused(model(withAttribute(message(10, tensor))), "another file");
      assertRefused(model(withAttribute(message(22, message(2, tensor)))), "another file");
      assertRefused(model(withAttribute(message(6, message(5, tensor)))), "another file");
    }
    OnnxCheck.check(model(message(5, number(14, 0))));
  }

  @Test
  void tags_that_other_readers_would_cut_to_32_bits_are_refused() {
    byte[] functions = text(1, "f");
    byte[] disguised =
        join(varint((1L << 32) | (25 << 3) | 2), varint(functions.length), functions);
    assertRefused(join(TinyOnnx.gaussian(), disguised), "not an ONNX file");
  }

  @Test
  void loops_are_refused_wherever_they_are() {
    byte[] loop = message(1, text(4, "Loop"));
    assertRefused(model(loop), "Loop");
    assertRefused(model(withAttribute(message(6, loop))), "Loop");
    OnnxCheck.check(model(message(1, text(4, "If"))));
  }

  @Test
  void functions_are_refused() {
    assertRefused(join(TinyOnnx.gaussian(), message(25, text(1, "f"))), "functions");
  }

  @Test
  void graphs_within_graphs_without_end_are_refused() {
    byte[] graph = new byte[0];
    for (int depth = 0; depth < 100; depth++) {
      graph = withAttribute(message(6, graph));
    }
    assertRefused(model(graph), "nested too deep");
  }
}
