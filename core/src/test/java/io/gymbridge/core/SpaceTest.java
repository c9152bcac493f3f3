package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SpaceTest {
  static Stream<Space> spaces() {
    Map<String, Space> parts = new LinkedHashMap<>();
    parts.put("b", Box.of(DType.UINT8, 0, 255, 2, 2));
    parts.put("a", new Discrete(3, -1, DType.INT32));
    return Stream.of(
        Box.of(DType.FLOAT32, -1, 1, 3),
        Box.of(DType.FLOAT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY),
        Box.of(DType.FLOAT32, 0, Double.POSITIVE_INFINITY, 2),
        Box.of(DType.INT16, -5, 5, 2),
        new Discrete(4),
        MultiDiscrete.of(2, 5),
        MultiBinary.of(2, 3),
        new Tuple(List.of(new Discrete(2), Box.of(DType.FLOAT32, 0, 1, 2))),
        new Dict(parts));
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void samples_are_members_and_repeat_with_the_seed(Space space) {
    Random random = new Random(1);
    for (int i = 0; i < 100; i++) {
      assertNull(space.whyNot(space.sample(random)));
    }
    assertEquals(space.sample(new Random(2)), space.sample(new Random(2)));
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void other_shapes_are_no_members(Space space) {
    assertNotNull(space.whyNot(NdArray.of(new double[77], 7, 11)));
  }

  @Test
  void box_refuses_what_is_outside_or_nan_and_says_so() {
    Box box = Box.of(DType.FLOAT32, -1, 1, 2);
    assertFalse(box.contains(NdArray.of(new float[] {0, Float.NaN}, 2)));
    assertEquals(
        "component 1 is 1.5, outside [-1.0, 1.0]: clip it to the space",
        box.whyNot(NdArray.of(new float[] {0, 1.5f}, 2)));
  }

  @Test
  void box_clips_a_batch() {
    Box box = Box.of(DType.FLOAT32, -1, 1, 2);
    assertEquals(
        NdArray.of(new float[] {-1, 0, 0.5f, 1}, 2, 2),
        box.clip(NdArray.of(new double[] {-7, 0, 0.5, 7}, 2, 2)));
  }

  @Test
  void discrete_starts_where_it_is_told() {
    Discrete space = new Discrete(3, -1, DType.INT64);
    assertNull(space.whyNot(NdArray.of(new long[] {-1})));
    assertEquals("got 2, expected one of -1 … 1", space.whyNot(NdArray.of(new long[] {2})));
  }

  @Test
  void dict_keeps_its_order() {
    Dict dict = (Dict) spaces().filter(space -> space instanceof Dict).findFirst().orElseThrow();
    assertEquals(List.of("b", "a"), List.copyOf(dict.spaces().keySet()));
    assertEquals(7, dict.flatSize());
  }

  @Test
  void impossible_spaces_are_refused() {
    assertThrows(IllegalArgumentException.class, () -> new Discrete(0));
    assertThrows(IllegalArgumentException.class, () -> Box.of(DType.FLOAT32, 1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> MultiDiscrete.of(0));
    assertThrows(IllegalArgumentException.class, () -> new Tuple(List.of()));
  }
}
