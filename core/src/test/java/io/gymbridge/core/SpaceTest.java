package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
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
        new Dict(parts),
        new Text(3),
        new Text(0, 2, "aé😀"),
        new Sequence(new Text(2)),
        new Sequence(new Dict(parts), true),
        new Graph(Box.of(DType.FLOAT32, 0, 1, 2), new Discrete(3, 1, DType.INT64)),
        new Graph(new Discrete(5), null),
        new OneOf(List.of(new Discrete(2), new Sequence(new Discrete(3)), new Text(2))));
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
    assertThrows(IllegalArgumentException.class, () -> new OneOf(List.of()));
    assertThrows(IllegalArgumentException.class, () -> new Text(2, 1, "a"));
    assertThrows(IllegalArgumentException.class, () -> new Text(1, 2, ""));
    assertThrows(IllegalArgumentException.class, () -> new Discrete(200, 0, DType.INT8));
    assertThrows(IllegalArgumentException.class, () -> new Discrete(100, 100, DType.INT8));
    assertThrows(IllegalArgumentException.class, () -> new Discrete(2, -1, DType.UINT8));
    assertThrows(
        IllegalArgumentException.class, () -> new Discrete(2, Long.MAX_VALUE, DType.INT64));
    assertThrows(IllegalArgumentException.class, () -> Box.of(DType.UINT8, 0, 256, 1));
  }

  @Test
  void every_kind_of_space_is_tried() {
    assertEquals(
        Set.of(Space.class.getPermittedSubclasses()),
        spaces().map(Space::getClass).collect(Collectors.toSet()));
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void batched_space_holds_its_samples(Space space) {
    Space batched = space.batch(3);
    assertNull(batched.whyNot(batched.sample(new Random(1))));
    assertThrows(IllegalArgumentException.class, () -> space.batch(0));
    boolean inColumns = !(batched instanceof Tuple) || space instanceof Tuple;
    Value columns = space.stack(Collections.nCopies(3, space.sample(new Random(1))));
    assertEquals(inColumns, batched.contains(columns));
  }

  @Test
  void spaces_are_batched_as_in_gymnasium() {
    assertEquals(
        new MultiDiscrete(NdArray.of(new long[] {3, 3}, 2), NdArray.of(new long[] {2, 2}, 2)),
        new Discrete(3, 2, DType.INT64).batch(2));
    assertEquals(
        new Box(NdArray.of(new long[4], 2, 2), NdArray.of(new long[] {1, 2, 1, 2}, 2, 2)),
        MultiDiscrete.of(2, 3).batch(2));
    assertEquals(Box.of(DType.INT8, 0, 1, 2, 3), MultiBinary.of(3).batch(2));
    assertEquals(
        Box.of(DType.INT32, Double.NEGATIVE_INFINITY, 7, 2, 3),
        Box.of(DType.INT32, Double.NEGATIVE_INFINITY, 7, 3).batch(2));
    Text text = new Text(2);
    assertEquals(new Tuple(List.of(text, text)), text.batch(2));
    assertEquals(
        new Tuple(List.of(MultiDiscrete.of(2, 2), new Tuple(List.of(text, text)))),
        new Tuple(List.of(new Discrete(2), text)).batch(2));
  }

  @Test
  void text_counts_code_points_and_names_a_foreign_character() {
    Text space = new Text(1, 2, "a😀");
    assertNull(space.whyNot(new TextValue("😀a")));
    assertEquals("got 3 characters, expected 1 … 2", space.whyNot(new TextValue("😀a😀")));
    assertEquals(
        "character 1 is \"b\", expected one of \"a😀\"", space.whyNot(new TextValue("ab")));
    assertThrows(IllegalArgumentException.class, () -> new TextValue("\uD83D"));
  }

  @Test
  void spaces_differ_in_what_matters() {
    assertEquals(new Text(1, 2, "ab"), new Text(1, 2, "bab"));
    assertEquals(new Text(1, 2, "ab").hashCode(), new Text(1, 2, "bab").hashCode());
    assertNotEquals(new Text(1, 2, "ab"), new Text(0, 2, "ab"));
    assertNotEquals(new Sequence(new Discrete(2)), new Sequence(new Discrete(2), true));
    assertNotEquals(new Graph(new Discrete(2), null), new Graph(new Discrete(2), new Discrete(2)));
    assertNotEquals(
        new OneOf(List.of(new Discrete(2), new Text(2))),
        new OneOf(List.of(new Text(2), new Discrete(2))));
  }

  @Test
  void sequence_names_the_element_that_is_outside() {
    Sequence space = new Sequence(new Discrete(2));
    assertEquals(
        "element 1: got 7, expected one of 0 … 1",
        space.whyNot(new SequenceValue(NdArray.of(new long[] {1, 7}, 2))));
    assertNull(space.whyNot(new SequenceValue(NdArray.of(new long[0], 0))));
    assertNotNull(space.whyNot(new SequenceValue(NdArray.of(new double[0], 0))));
    assertThrows(IllegalStateException.class, () -> new SequenceValue(NdArray.of(new long[] {1})));
  }

  @Test
  void graph_has_edges_and_links_or_neither_and_links_to_its_own_nodes() {
    NdArray nodes = NdArray.of(new long[] {0, 1}, 2);
    NdArray links = NdArray.ofLongs(DType.INT32, new long[] {0, 1}, 1, 2);
    NdArray edges = NdArray.of(new long[] {2}, 1);
    GraphValue graph = new GraphValue(nodes, edges, links);
    assertNull(new Graph(new Discrete(2), new Discrete(3)).whyNot(graph));
    assertNotNull(new Graph(new Discrete(2), null).whyNot(graph));
    assertEquals(
        "edge 0: got 2, expected one of 0 … 1",
        new Graph(new Discrete(2), new Discrete(2)).whyNot(graph));
    assertThrows(IllegalArgumentException.class, () -> new GraphValue(nodes, null, links));
    assertThrows(IllegalArgumentException.class, () -> new GraphValue(nodes, edges, null));
    NdArray outside = NdArray.ofLongs(DType.INT32, new long[] {0, 2}, 1, 2);
    assertThrows(IllegalArgumentException.class, () -> new GraphValue(nodes, edges, outside));
  }

  @Test
  void one_of_names_the_choice() {
    OneOf space = new OneOf(List.of(new Discrete(2), new Text(2)));
    assertEquals("got the choice 2 of 2", space.whyNot(new OneOfValue(2, new TextValue("a"))));
    assertEquals(
        "choice 0: got a TextValue, expected one of Discrete(2)",
        space.whyNot(new OneOfValue(0, new TextValue("a"))));
  }

  @Test
  void batches_that_do_not_add_up_are_refused() {
    NdArray two = NdArray.of(new long[] {1, 2}, 2);
    assertThrows(
        IllegalArgumentException.class, () -> new SequenceBatch(Offsets.ofLengths(1, 2), two));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Offsets(NdArray.ofLongs(DType.INT32, new long[] {0, 2, 1}, 3)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Offsets(NdArray.ofLongs(DType.INT32, new long[] {1, 2}, 2)));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new OneOfBatch(NdArray.ofLongs(DType.INT32, new long[] {0, 0, 1}, 3), Map.of(0, two)));
    NdArray half = NdArray.ofLongs(DType.UINT8, new long[] {0xC3, 0xA9}, 2);
    assertEquals("é", new TextBatch(Offsets.ofLengths(2), half).row(0).text());
    assertThrows(
        IllegalArgumentException.class, () -> new TextBatch(Offsets.ofLengths(1, 1), half));
    assertThrows(
        IllegalStateException.class,
        () -> new TupleValue(List.of(two, two.take(new int[] {0}))).batchSize());
    assertThrows(
        IllegalArgumentException.class, () -> Value.stack(List.of(two, new TextValue("a"))));
  }
}
