package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class MaskTest {
  private final Discrete discrete = new Discrete(4, 10, DType.INT64);

  private static Mask.Values mask(long... flags) {
    return new Mask.Values(NdArray.ofLongs(DType.INT8, flags, flags.length));
  }

  /** What a hundred samples show of themselves. */
  private static Set<Object> seen(Space space, Mask mask, Function<Value, Object> part) {
    Random random = new Random(1);
    Set<Object> seen = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      Value sample = space.sample(random, mask);
      assertTrue(space.contains(sample));
      seen.add(part.apply(sample));
    }
    return seen;
  }

  private static void assertRefused(Space space, Mask mask) {
    assertThrows(IllegalArgumentException.class, () -> space.sample(new Random(1), mask));
  }

  @Test
  void discrete_samples_where_the_mask_is_1_or_its_start() {
    assertEquals(
        Set.of(11L, 13L), seen(discrete, mask(0, 1, 0, 1), value -> value.array().getLong(0)));
    assertEquals(Set.of(10L), seen(discrete, mask(0, 0, 0, 0), value -> value.array().getLong(0)));
    assertRefused(discrete, mask(1, 1));
    assertRefused(discrete, mask(0, 1, 2, 0));
    assertRefused(discrete, new Mask.Values(NdArray.of(new long[4], 4)));
    assertRefused(discrete, new Mask.Parts());
  }

  @Test
  void box_takes_no_mask() {
    assertRefused(Box.of(DType.FLOAT32, 0, 1, 2), mask(1, 1));
  }

  @Test
  void multi_discrete_has_a_mask_for_each_component() {
    MultiDiscrete space = MultiDiscrete.of(2, 3);
    Mask mask = new Mask.Parts(mask(0, 1), mask(1, 0, 1));
    assertEquals(
        Set.of(List.of(1L, 0L), List.of(1L, 2L)),
        seen(space, mask, v -> List.of(v.array().getLong(0), v.array().getLong(1))));
    assertRefused(space, mask(0, 1));
    assertRefused(space, new Mask.Parts(mask(0, 1)));
    assertRefused(space, new Mask.Parts(mask(0, 1), Mask.none()));
  }

  @Test
  void multi_binary_is_fixed_but_where_the_mask_is_2() {
    MultiBinary space = MultiBinary.of(3);
    assertEquals(
        Set.of(List.of(0L, 1L, 0L), List.of(0L, 1L, 1L)),
        seen(
            space,
            mask(0, 1, 2),
            v -> List.of(v.array().getLong(0), v.array().getLong(1), v.array().getLong(2))));
    assertRefused(space, mask(0, 1));
    assertRefused(space, mask(0, 1, 3));
  }

  @Test
  void text_has_a_length_and_characters() {
    Text space = new Text(1, 3, "abc");
    NdArray allowed = NdArray.ofLongs(DType.INT8, new long[] {0, 1, 0}, 3);
    assertEquals(
        Set.of("bb"),
        seen(space, new Mask.Text(OptionalInt.of(2), allowed), v -> ((TextValue) v).text()));
    assertEquals(
        Set.of("b", "bb", "bbb"),
        seen(space, new Mask.Text(OptionalInt.empty(), allowed), v -> ((TextValue) v).text()));
    assertRefused(space, new Mask.Text(OptionalInt.of(4), null));
    NdArray none = NdArray.ofLongs(DType.INT8, new long[3], 3);
    assertRefused(space, new Mask.Text(OptionalInt.empty(), none));
    assertEquals(
        new TextValue(""),
        new Text(0, 3, "abc").sample(new Random(1), new Mask.Text(OptionalInt.of(2), none)));
  }

  @Test
  void masks_nest_in_tuples_dicts_and_one_ofs() {
    Mask first = mask(1, 0, 0, 0);
    Tuple tuple = new Tuple(List.of(discrete, new Text(1)));
    assertEquals(
        Set.of(10L),
        seen(
            tuple,
            new Mask.Parts(first, Mask.none()),
            value -> ((TupleValue) value).parts().get(0).array().getLong(0)));
    assertRefused(tuple, new Mask.Parts(first));
    Dict dict = new Dict(Map.of("a", discrete));
    assertEquals(
        Set.of(10L),
        seen(
            dict,
            new Mask.Named(Map.of("a", first)),
            value -> ((DictValue) value).part("a").array().getLong(0)));
    assertRefused(dict, new Mask.Named(Map.of("b", first)));
    OneOf oneOf = new OneOf(List.of(discrete, discrete));
    Mask second = mask(0, 1, 0, 0);
    assertEquals(
        Set.of(
            new OneOfValue(0, NdArray.of(new long[] {10})),
            new OneOfValue(1, NdArray.of(new long[] {11}))),
        seen(oneOf, new Mask.Parts(first, second), value -> value));
    assertRefused(oneOf, new Mask.Parts(first));
  }

  @Test
  void sequence_has_lengths_and_a_mask_for_its_elements() {
    Sequence space = new Sequence(discrete);
    Mask mask = new Mask.Sequence(List.of(0, 2), mask(0, 1, 0, 0));
    assertEquals(
        Set.of(
            new SequenceValue(NdArray.of(new long[0], 0)),
            new SequenceValue(NdArray.of(new long[] {11, 11}, 2))),
        seen(space, mask, value -> value));
    Set<Object> lengths = seen(space, Mask.none(), value -> ((SequenceValue) value).length());
    assertTrue(lengths.contains(1) && lengths.contains(4) && !lengths.contains(0));
    assertRefused(space, new Mask.Sequence(List.of(-1), Mask.none()));
  }

  @Test
  void graph_has_a_mask_for_each_node_and_one_for_all_edges() {
    Graph space = new Graph(discrete, discrete);
    Mask.Graph mask = new Mask.Graph(List.of(mask(1, 0, 0, 0), mask(0, 1, 0, 0)), mask(0, 0, 1, 0));
    GraphValue graph = space.sample(new Random(1), mask, 2, 3);
    assertArrayEquals(new long[] {10, 11}, graph.nodes().array().toLongs());
    assertEquals(NdArray.of(new long[] {12, 12, 12}, 3), graph.edges());
    assertRefused(space, new Mask.Graph(Collections.nCopies(3, mask(1)), Mask.none()));
    assertEquals(
        Set.of(10), seen(space, Mask.none(), value -> ((GraphValue) value).nodes().batchSize()));
  }
}
