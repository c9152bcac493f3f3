package io.gymbridge.server.rollout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.proto.v1.RolloutResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** How actions are drawn, bit for bit as the Python server draws them. */
final class BlockTest {
  private static final JsonNode VECTORS = Vectors.read();
  private static final NdArray UNSEEN = NdArray.of(new float[1], 1);

  private static Draws draws(JsonNode block) {
    return new Draws(
        Long.parseUnsignedLong(block.get("seed").asText()),
        block.get("first_step").asLong(),
        block.get("first_lane").asInt(),
        block.get("lanes").asInt());
  }

  /** Gives the next step's part of what each output is in all steps. */
  private static Outputs given(int steps, float[]... all) {
    int[] step = {0};
    return (observations, into) -> {
      for (int i = 0; i < into.length; i++) {
        assertEquals(all[i].length / steps, into[i].length);
        System.arraycopy(all[i], step[0] * into[i].length, into[i], 0, into[i].length);
      }
      step[0]++;
    };
  }

  private static RolloutResponse run(Block block, int steps) {
    for (int step = 0; step < steps; step++) {
      NdArray unused = block.act(step, UNSEEN);
    }
    RolloutResponse.Builder response = RolloutResponse.newBuilder();
    block.fill(response, steps);
    return response.build();
  }

  private static ByteBuffer bytes(ByteString bytes) {
    return bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void assertDoubles(double[] expected, ByteString found) {
    double[] values = new double[found.size() / Double.BYTES];
    bytes(found).asDoubleBuffer().get(values);
    assertArrayEquals(expected, values);
  }

  private static void assertFloats(float[] expected, ByteString found) {
    float[] values = new float[found.size() / Float.BYTES];
    bytes(found).asFloatBuffer().get(values);
    assertArrayEquals(expected, values);
  }

  @Test
  void gaussian_samples_actions_and_densities_are_those_of_the_specification() {
    for (JsonNode each : VECTORS.get("gaussian")) {
      int steps = each.get("steps").asInt();
      DType dtype = DType.valueOf(each.get("dtype").asText().toUpperCase(Locale.ROOT));
      double[] high = Vectors.doubles(each.get("high"));
      double[] low = new double[high.length];
      for (int i = 0; i < high.length; i++) {
        low[i] = -high[i];
      }
      Box box =
          new Box(
              NdArray.ofDoubles(dtype, low, low.length),
              NdArray.ofDoubles(dtype, high, low.length));
      float[] mean = Vectors.floats(each.get("mean"));
      float[] logStd = Vectors.floats(each.get("log_std"));
      RolloutResponse found =
          run(new GaussianBlock(given(steps, mean, logStd), box, steps, draws(each), true), steps);
      assertFloats(Vectors.floats(each.get("samples")), found.getSamples());
      assertDoubles(Vectors.doubles(each.get("log_probabilities")), found.getLogProbabilities());
      assertEquals(2, found.getDistributionCount());
      assertFloats(mean, found.getDistribution(0));
      assertFloats(logStd, found.getDistribution(1));
      ByteString actions = found.getActions().getBuffers(0);
      if (dtype == DType.FLOAT32) {
        assertFloats(Vectors.floats(each.get("actions")), actions);
      } else {
        assertDoubles(Vectors.doubles(each.get("actions")), actions);
      }
    }
  }

  @Test
  void choices_and_probabilities_are_those_of_the_specification() {
    for (JsonNode each : VECTORS.get("categorical")) {
      int steps = each.get("steps").asInt();
      long[] counts = Vectors.longs(each.get("nvec"));
      MultiDiscrete space =
          new MultiDiscrete(
              NdArray.of(counts, counts.length),
              NdArray.of(Vectors.longs(each.get("start")), counts.length));
      float[] logits = Vectors.floats(each.get("logits"));
      RolloutResponse found =
          run(new CategoricalBlock(given(steps, logits), space, steps, draws(each), true), steps);
      assertDoubles(Vectors.doubles(each.get("log_probabilities")), found.getLogProbabilities());
      assertFloats(logits, found.getDistribution(0));
      ByteString bytes = found.getActions().getBuffers(0);
      long[] actions = new long[bytes.size() / Long.BYTES];
      bytes(bytes).asLongBuffer().get(actions);
      assertArrayEquals(Vectors.longs(each.get("actions")), actions);
    }
  }

  @Test
  void block_that_ends_early_holds_the_rows_it_has() {
    Draws draws = new Draws(1, 0, 0, 2);
    Discrete space = new Discrete(3, 5, DType.INT32);
    float[] logits = new float[6 * 40];
    Block whole = new CategoricalBlock(given(40, logits), space, 40, draws, false);
    Block early = new CategoricalBlock(given(40, logits), space, 50, draws, false);
    RolloutResponse found = run(early, 40);
    assertEquals(run(whole, 40), found);
    assertEquals(40 * 2 * Integer.BYTES, found.getActions().getBuffers(0).size());
    assertEquals(0, found.getDistributionCount());
  }
}
