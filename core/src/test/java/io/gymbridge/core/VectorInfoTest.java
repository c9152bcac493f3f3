package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Gymnasium's rules, by which {@code SyncVectorEnv} gathers infos. */
class VectorInfoTest {

  private static Object joined(Object... values) {
    VectorInfo infos = new VectorInfo(values.length + 1);
    for (int lane = 0; lane < values.length; lane++) {
      infos.put(lane, Map.of("x", values[lane]));
    }
    return Objects.requireNonNull(infos.toMap().get("x"));
  }

  @Test
  void numbers_of_one_kind_keep_it() {
    assertEquals(NdArray.of(new double[] {0.5, 1, 0}, 3), joined(0.5, 1.0));
    assertEquals(NdArray.of(new long[] {5, -1, 0}, 3), joined(5L, -1));
    assertEquals(NdArray.ofLongs(DType.BOOL, new long[] {1, 0, 0}, 3), joined(true, false));
  }

  @Test
  void mixed_numbers_take_the_first_lanes_kind() {
    assertEquals(NdArray.of(new double[] {0.5, 1, 1, 0}, 4), joined(0.5, 1L, true));
    assertEquals(NdArray.of(new long[] {1, 0, -2, 0}, 4), joined(1L, 0.5, -2.5));
    assertEquals(NdArray.ofLongs(DType.BOOL, new long[] {0, 1, 0, 0}, 4), joined(false, 0.25, 0L));
  }

  @Test
  void anything_else_is_a_list() {
    assertEquals(Arrays.asList(0.5, "a", null), joined(0.5, "a"));
    assertEquals(Arrays.asList(List.of(), 2L, null), joined(List.of(), 2L));
  }
}
