package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.wrappers.Recording;
import io.gymbridge.core.wrappers.Recording.Line;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The numbers are those of {@code gymnasium.spaces.utils} 1.4. */
class FlatteningTest {
  private static final Space REST =
      new Tuple(List.of(MultiDiscrete.of(2, 3), Box.of(DType.UINT8, 0, 255, 3)));
  private static final Dict SPACE = new Dict(parts());

  private static Map<String, Space> parts() {
    Map<String, Space> parts = new LinkedHashMap<>();
    parts.put("position", Box.of(DType.FLOAT32, -1, 1, 2, 2));
    parts.put("gear", new Discrete(3, -1, DType.INT64));
    parts.put("switches", MultiBinary.of(2, 2));
    parts.put("rest", REST);
    return parts;
  }

  /** Leaves in order: 4 of the position, the gear, 4 switches, 2 of the MultiDiscrete, 3 bytes. */
  private static Value member(Line leaves) {
    double[] all = leaves.values();
    Map<String, Value> parts = new LinkedHashMap<>();
    parts.put("position", leaf(all, 0, DType.FLOAT32, 2, 2));
    parts.put("gear", leaf(all, 4, DType.INT64));
    parts.put("switches", leaf(all, 5, DType.INT8, 2, 2));
    parts.put(
        "rest",
        new TupleValue(List.of(leaf(all, 9, DType.INT64, 2), leaf(all, 11, DType.UINT8, 3))));
    return new DictValue(parts);
  }

  private static NdArray leaf(double[] all, int from, DType dtype, int... shape) {
    int size = java.util.Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return NdArray.ofDoubles(dtype, java.util.Arrays.copyOfRange(all, from, from + size), shape);
  }

  @Test
  void members_are_flattened_as_gymnasium_does() {
    List<Value> members = new ArrayList<>();
    List<NdArray> flats = new ArrayList<>();
    for (Line line : Recording.read("flatten")) {
      switch (line.tag()) {
        case "leaves" -> members.add(member(line));
        case "flat" -> flats.add(NdArray.of(line.values(), line.values().length));
        default -> {}
      }
    }
    for (int i = 0; i < members.size(); i++) {
      assertNull(SPACE.whyNot(members.get(i)));
      assertEquals(flats.get(i), SPACE.flatten(members.get(i)));
    }
  }

  @Test
  void flat_space_is_gymnasiums() {
    Box flat = (Box) SPACE.flatSpace();
    List<Line> lines = Recording.read("flatten");
    assertEquals(DType.FLOAT64, flat.dtype());
    assertArrayEquals(lines.get(0).values(), flat.low().toDoubles());
    assertArrayEquals(lines.get(1).values(), flat.high().toDoubles());
    assertEquals(SPACE.flatSize(), flat.flatSize());
  }

  @ParameterizedTest
  @CsvSource({
    "INT8, UINT8, INT16",
    "INT16, UINT8, INT16",
    "INT32, UINT32, INT64",
    "INT64, UINT64, FLOAT64",
    "UINT8, UINT32, UINT32",
    "INT8, INT64, INT64",
    "BOOL, UINT16, UINT16",
    "FLOAT16, INT8, FLOAT16",
    "FLOAT16, UINT16, FLOAT32",
    "FLOAT32, INT16, FLOAT32",
    "FLOAT32, INT32, FLOAT64",
    "FLOAT16, FLOAT32, FLOAT32",
    "FLOAT64, BOOL, FLOAT64"
  })
  void parts_take_the_type_that_numpy_promotes_to(DType one, DType other, DType common) {
    Box first = Box.of(one, 0, 1, 1);
    Box second = Box.of(other, 0, 1, 1);
    assertEquals(common, ((Box) new Tuple(List.of(first, second)).flatSpace()).dtype());
    assertEquals(common, ((Box) new Tuple(List.of(second, first)).flatSpace()).dtype());
  }

  @Test
  void large_integers_keep_all_bits() {
    Box box = Box.of(DType.INT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 1);
    Space space = new Tuple(List.of(box, box));
    NdArray odd = NdArray.of(new long[] {Long.MAX_VALUE - 2}, 1);
    NdArray flat = (NdArray) space.flatten(new TupleValue(List.of(odd, odd)));
    assertEquals(Long.MAX_VALUE - 2, flat.getLong(1));
  }

  private static void assertFlattens(Space space, Space flatSpace, Value member, Value flat) {
    assertEquals(flatSpace, space.flatSpace());
    assertEquals(flat, space.flatten(member));
    assertEquals(member, space.unflatten(flat));
  }

  private static NdArray int64(long... values) {
    return NdArray.of(values, values.length);
  }

  private static NdArray array(DType dtype, double... values) {
    return NdArray.ofDoubles(dtype, values, values.length);
  }

  @Test
  void discrete_is_one_hot() {
    assertFlattens(
        new Discrete(3, -1, DType.INT32),
        Box.of(DType.INT32, 0, 1, 3),
        NdArray.ofLongs(DType.INT32, new long[] {1}),
        array(DType.INT32, 0, 0, 1));
  }

  @Test
  void multi_discrete_is_one_hot_after_one_hot() {
    assertFlattens(
        new MultiDiscrete(
            NdArray.of(new long[] {2, 3}, 1, 2), NdArray.of(new long[] {0, -2}, 1, 2)),
        Box.of(DType.INT64, 0, 1, 5),
        NdArray.of(new long[] {1, -1}, 1, 2),
        int64(0, 1, 0, 1, 0));
  }

  @Test
  void arrays_become_vectors() {
    assertFlattens(
        MultiBinary.of(2, 2),
        Box.of(DType.INT8, 0, 1, 4),
        NdArray.ofLongs(DType.INT8, new long[] {1, 0, 0, 1}, 2, 2),
        array(DType.INT8, 1, 0, 0, 1));
    assertFlattens(
        Box.of(DType.FLOAT32, -1, 1, 2, 1),
        Box.of(DType.FLOAT32, -1, 1, 2),
        NdArray.of(new float[] {0.5f, 1}, 2, 1),
        NdArray.of(new float[] {0.5f, 1}, 2));
  }

  @Test
  void text_becomes_the_indices_of_its_characters() {
    assertFlattens(
        new Text(0, 4, "ba"),
        Box.of(DType.INT32, 0, 2, 4),
        new TextValue("ab"),
        array(DType.INT32, 1, 0, 2, 2));
    assertThrows(IllegalArgumentException.class, () -> new Text(2).flatten(new TextValue("abc")));
  }

  @Test
  void products_become_one_vector_in_a_type_that_holds_all_parts() {
    assertFlattens(
        new Tuple(List.of(new Discrete(2), Box.of(DType.FLOAT32, 0, 1, 2))),
        Box.of(DType.FLOAT64, 0, 1, 4),
        new TupleValue(List.of(NdArray.of(new long[] {1}), NdArray.of(new float[] {0.25f, 1}, 2))),
        array(DType.FLOAT64, 0, 1, 0.25, 1));
    Map<String, Space> spaces = new LinkedHashMap<>();
    spaces.put("z", MultiBinary.of(2));
    spaces.put("a", new Text(1, 2, "xy"));
    assertFlattens(
        new Dict(spaces),
        new Box(array(DType.INT32, 0, 0, 0, 0), array(DType.INT32, 1, 1, 2, 2)),
        new DictValue(Map.of("z", array(DType.INT8, 1, 0), "a", new TextValue("y"))),
        array(DType.INT32, 1, 0, 1, 2));
    assertFlattens(
        new Tuple(List.of(Box.of(DType.UINT8, 0, 1, 1), Box.of(DType.INT8, -5, 5, 1))),
        new Box(array(DType.INT16, 0, -5), array(DType.INT16, 1, 5)),
        new TupleValue(List.of(array(DType.UINT8, 1), array(DType.INT8, -3))),
        array(DType.INT16, 1, -3));
  }

  @Test
  void one_of_begins_with_the_choice_and_ends_with_filling() {
    OneOf space = new OneOf(List.of(new Discrete(3), Box.of(DType.FLOAT32, -2, 5, 2)));
    Box flat = new Box(array(DType.FLOAT64, 0, -2, -2, -2), array(DType.FLOAT64, 1, 5, 5, 5));
    assertFlattens(
        space,
        flat,
        new OneOfValue(0, NdArray.of(new long[] {1})),
        array(DType.FLOAT64, 0, 0, 1, 0));
    assertFlattens(
        space,
        flat,
        new OneOfValue(1, NdArray.of(new float[] {0.5f, -1}, 2)),
        array(DType.FLOAT64, 1, 0.5, -1, 0.5));
  }

  @Test
  void one_of_many_takes_a_type_that_holds_the_choice() {
    List<Space> spaces = new ArrayList<>(Collections.nCopies(2, Box.of(DType.INT8, -1, 1, 1)));
    spaces.addAll(Collections.nCopies(140, new Discrete(1, 0, DType.INT8)));
    assertFlattens(
        new OneOf(spaces),
        new Box(array(DType.INT16, 0, -1), array(DType.INT16, 141, 1)),
        new OneOfValue(141, NdArray.ofLongs(DType.INT8, new long[] {0})),
        array(DType.INT16, 141, 1));
  }

  @Test
  void sequences_and_graphs_keep_their_kind_with_flat_parts() {
    NdArray hot = NdArray.of(new long[] {0, 1, 1, 0}, 2, 2);
    Box pair = Box.of(DType.INT64, 0, 1, 2);
    assertFlattens(
        new Sequence(new Discrete(2)),
        new Sequence(pair),
        new SequenceValue(int64(1, 0)),
        new SequenceValue(hot));
    NdArray links = NdArray.ofLongs(DType.INT32, new long[] {0, 1}, 1, 2);
    assertFlattens(
        new Graph(new Discrete(2), Box.of(DType.FLOAT32, 0, 1, 1, 2)),
        new Graph(pair, Box.of(DType.FLOAT32, 0, 1, 2)),
        new GraphValue(int64(1, 0), NdArray.of(new float[] {0.5f, 1}, 1, 1, 2), links),
        new GraphValue(hot, NdArray.of(new float[] {0.5f, 1}, 1, 2), links));
    assertFlattens(
        new Tuple(List.of(new Discrete(2), new Sequence(new Discrete(2)))),
        new Tuple(List.of(pair, new Sequence(pair))),
        new TupleValue(List.of(NdArray.of(new long[] {1}), new SequenceValue(int64(0)))),
        new TupleValue(
            List.of(int64(0, 1), new SequenceValue(NdArray.of(new long[] {1, 0}, 1, 2)))));
  }

  @Test
  void what_varies_in_size_has_no_flat_size() {
    Sequence sequence = new Sequence(new Discrete(2));
    for (Space space :
        List.of(
            sequence,
            new Graph(new Discrete(2), null),
            new Tuple(List.of(sequence)),
            new OneOf(List.of(sequence)))) {
      assertEquals(false, space.isFlattenable());
      assertThrows(IllegalArgumentException.class, space::flatSize);
    }
    assertEquals(4, new OneOf(List.of(new Text(3), new Discrete(2))).flatSize());
  }

  @Test
  void what_is_no_flattened_member_is_refused() {
    assertThrows(IllegalArgumentException.class, () -> new Discrete(2).unflatten(int64(0, 0)));
    assertThrows(IllegalArgumentException.class, () -> new Discrete(2).unflatten(int64(1)));
    assertThrows(
        IllegalArgumentException.class, () -> new Discrete(2).flatten(NdArray.of(new long[] {2})));
    assertThrows(
        IllegalArgumentException.class,
        () -> new OneOf(List.of(new Discrete(2))).unflatten(int64(1, 0, 1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Tuple(List.of(new Discrete(2))).flatten(new TextValue("a")));
  }
}
