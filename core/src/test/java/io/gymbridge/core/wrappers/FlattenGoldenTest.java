package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import io.gymbridge.core.wrappers.Recording.Line;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The numbers that {@link FlattenObservation} hands out, against Gymnasium's. */
class FlattenGoldenTest {
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
}
