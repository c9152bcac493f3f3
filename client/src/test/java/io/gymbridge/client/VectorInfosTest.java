package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VectorInfosTest {
  private static NdArray mask(long... flags) {
    return NdArray.ofLongs(DType.BOOL, flags, flags.length);
  }

  @Test
  void arrays_are_joined_and_missing_ones_are_zero() {
    Map<String, Object> joined =
        VectorInfos.join(
            List.of(
                Map.of("x", NdArray.of(new long[] {1, 2}, 2), "_x", mask(1, 1)),
                Map.of("y", NdArray.of(new double[] {3}, 1, 1), "_y", mask(1))),
            new int[] {2, 1});
    assertEquals(
        Map.of(
            "x", NdArray.of(new long[] {1, 2, 0}, 3),
            "_x", mask(1, 1, 0),
            "y", NdArray.of(new double[] {0, 0, 3}, 3, 1),
            "_y", mask(0, 0, 1)),
        joined);
  }

  @Test
  void numbers_take_the_first_shards_type() {
    NdArray integers = NdArray.of(new long[] {1, 2}, 2);
    NdArray reals = NdArray.of(new double[] {0.5}, 1);
    assertEquals(
        NdArray.of(new long[] {1, 2, 0}, 3),
        VectorInfos.join(List.of(Map.of("x", integers), Map.of("x", reals)), new int[] {2, 1})
            .get("x"));
    assertEquals(
        NdArray.of(new double[] {0.5, 1, 2}, 3),
        VectorInfos.join(List.of(Map.of("x", reals), Map.of("x", integers)), new int[] {1, 2})
            .get("x"));
  }

  @Test
  void lists_and_maps_are_joined() {
    Map<String, Object> joined =
        VectorInfos.join(
            List.of(
                Map.of("t", List.of("a"), "m", Map.of("x", NdArray.of(new long[] {7}, 1))),
                Map.of("t", Arrays.asList("b", null))),
            new int[] {1, 2});
    assertEquals(Arrays.asList("a", "b", null), joined.get("t"));
    assertEquals(Map.of("x", NdArray.of(new long[] {7, 0, 0}, 3)), joined.get("m"));
  }

  @Test
  void lane_gets_what_it_has_without_masks() {
    Map<String, Object> infos =
        Map.of(
            "x", NdArray.of(new long[] {1, 2}, 2),
            "_x", mask(0, 1),
            "_private", List.of("p", "q"),
            "flag", mask(1, 0));
    assertEquals(Map.of("_private", "p", "flag", true), VectorInfos.ofLane(infos, 0));
    assertEquals(Map.of("x", 2L, "_private", "q", "flag", false), VectorInfos.ofLane(infos, 1));
  }
}
