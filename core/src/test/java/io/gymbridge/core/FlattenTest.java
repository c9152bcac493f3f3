package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.wrappers.Recording;
import io.gymbridge.core.wrappers.Recording.Line;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlattenTest {
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
      assertEquals(flats.get(i), Flatten.value(SPACE, members.get(i)));
    }
    assertEquals(Value.stack(flats), Flatten.batch(SPACE, Value.stack(members)));
  }

  @Test
  void flat_space_is_gymnasiums() {
    Box flat = Flatten.space(SPACE);
    List<Line> lines = Recording.read("flatten");
    assertEquals(DType.FLOAT64, flat.dtype());
    assertArrayEquals(lines.get(0).values(), flat.low().toDoubles());
    assertArrayEquals(lines.get(1).values(), flat.high().toDoubles());
    assertEquals(SPACE.flatSize(), flat.flatSize());
  }

  @Test
  void flattened_members_lie_in_the_flat_space_whatever_the_kind() {
    Random random = new Random(3);
    List<Space> kinds = new ArrayList<>(SPACE.spaces().values());
    kinds.add(Box.of(DType.UINT64, 0, Double.POSITIVE_INFINITY));
    kinds.add(new Discrete(4, 5, DType.INT16));
    kinds.add(SPACE);
    for (Space kind : kinds) {
      for (int i = 0; i < 20; i++) {
        assertNull(Flatten.space(kind).whyNot(Flatten.value(kind, kind.sample(random))));
      }
    }
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
    assertEquals(common, Flatten.space(new Tuple(List.of(first, second))).dtype());
    assertEquals(common, Flatten.space(new Tuple(List.of(second, first))).dtype());
  }

  @Test
  void large_integers_keep_all_bits() {
    Box box = Box.of(DType.INT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 1);
    Space space = new Tuple(List.of(box, box));
    NdArray odd = NdArray.of(new long[] {Long.MAX_VALUE - 2}, 1);
    NdArray flat = Flatten.value(space, new TupleValue(List.of(odd, odd)));
    assertEquals(Long.MAX_VALUE - 2, flat.getLong(1));
  }

  @Test
  void number_outside_a_discrete_space_is_refused() {
    Space space = new Discrete(3);
    assertThrows(
        IllegalArgumentException.class, () -> Flatten.value(space, NdArray.of(new long[] {3})));
  }
}
