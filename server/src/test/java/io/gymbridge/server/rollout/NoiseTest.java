package io.gymbridge.server.rollout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** The random numbers of rollouts, bit for bit those of the Python server. */
final class NoiseTest {
  private static final JsonNode VECTORS = Vectors.read();

  @Test
  void philox_gives_the_known_answers() {
    long[] zero = new long[4];
    Noise.philox(zero, 0, 0);
    assertArrayEquals(
        new long[] {
          0x16554D9ECA36314CL, 0xDB20FE9D672D0FDCL, 0xD7E772CEE186176BL, 0x7E68B68AEC7BA23BL
        },
        zero);
    long[] pi = {
      0x243F6A8885A308D3L, 0x13198A2E03707344L, 0xA4093822299F31D0L, 0x082EFA98EC4E6C89L
    };
    Noise.philox(pi, 0x452821E638D01377L, 0xBE5466CF34E90C6CL);
    assertArrayEquals(
        new long[] {
          0xA528F45403E61D95L, 0x38C72DBD566E9788L, 0xA5A1610E72FD18B5L, 0x57BD43B5E52B7FE6L
        },
        pi);
  }

  @Test
  void uniform_numbers_are_those_of_the_specification() {
    for (JsonNode each : VECTORS.get("uniforms")) {
      double[] expected = Vectors.doubles(each.get("values"));
      double[] found = new double[expected.length];
      Noise.uniforms(
          Long.parseUnsignedLong(each.get("seed").asText()),
          each.get("first_lane").asInt(),
          each.get("lanes").asInt(),
          each.get("first_step").asLong(),
          each.get("steps").asInt(),
          each.get("draws").asInt(),
          found);
      assertArrayEquals(expected, found);
    }
  }

  @Test
  void functions_are_those_of_the_specification() {
    Map<String, DoubleUnaryOperator> functions =
        Map.of(
            "log", Noise::log, "exp", Noise::exp, "normal", Noise::normal, "gumbel", Noise::gumbel);
    functions.forEach(
        (name, function) -> {
          double[] pairs = Vectors.doubles(VECTORS.get(name));
          assertTrue(pairs.length > 100, name);
          for (int i = 0; i < pairs.length; i += 2) {
            assertEquals(pairs[i + 1], function.applyAsDouble(pairs[i]), name + " of " + pairs[i]);
          }
        });
  }
}
