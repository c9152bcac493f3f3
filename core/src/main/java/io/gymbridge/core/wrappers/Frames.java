package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Graph;
import io.gymbridge.core.GraphValue;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.OneOfValue;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.SequenceValue;
import io.gymbridge.core.Space;
import io.gymbridge.core.Text;
import io.gymbridge.core.TextValue;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Observations side by side, and the observation nearest to zero, by kind of space. */
final class Frames {
  private Frames() {}

  /**
   * The member of {@link Space#batch} that holds members of a space: arrays get a first dimension,
   * and what varies in size becomes a tuple.
   */
  static Value stacked(Space space, List<Value> frames) {
    if (space instanceof Tuple tuple) {
      List<Value> parts = new ArrayList<>();
      for (int i = 0; i < tuple.spaces().size(); i++) {
        int part = i;
        parts.add(
            stacked(
                tuple.spaces().get(i),
                frames.stream().map(frame -> ((TupleValue) frame).parts().get(part)).toList()));
      }
      return new TupleValue(parts);
    }
    if (space instanceof Dict dict) {
      Map<String, Value> parts = new LinkedHashMap<>();
      dict.spaces()
          .forEach(
              (name, part) ->
                  parts.put(
                      name,
                      stacked(
                          part,
                          frames.stream().map(frame -> ((DictValue) frame).part(name)).toList())));
      return new DictValue(parts);
    }
    return frames.get(0) instanceof NdArray ? Value.stack(frames) : new TupleValue(frames);
  }

  /**
   * The member nearest to zero, Gymnasium's {@code create_zero_array}: the first where a space
   * counts from elsewhere, the shortest where it varies in size.
   */
  static Value zero(Space space) {
    if (space instanceof Box box) {
      double[] values = new double[box.flatSize()];
      for (int i = 0; i < values.length; i++) {
        values[i] = Math.max(box.low().getDouble(i), Math.min(box.high().getDouble(i), 0));
      }
      return NdArray.ofDoubles(box.dtype(), values, box.shape());
    }
    if (space instanceof Discrete discrete) {
      return NdArray.ofLongs(discrete.dtype(), new long[] {discrete.start()});
    }
    if (space instanceof MultiDiscrete discrete) {
      return discrete.start();
    }
    if (space instanceof MultiBinary binary) {
      int[] shape = binary.shape().stream().mapToInt(Integer::intValue).toArray();
      return NdArray.ofLongs(DType.INT8, new long[binary.flatSize()], shape);
    }
    if (space instanceof Tuple tuple) {
      return new TupleValue(tuple.spaces().stream().map(Frames::zero).toList());
    }
    if (space instanceof Dict dict) {
      Map<String, Value> parts = new LinkedHashMap<>();
      dict.spaces().forEach((name, part) -> parts.put(name, zero(part)));
      return new DictValue(parts);
    }
    return zeroOfAnySize(space);
  }

  private static Value zeroOfAnySize(Space space) {
    if (space instanceof Text text) {
      String first =
          text.charset().codePoints().limit(1).mapToObj(Character::toString).findFirst().orElse("");
      return new TextValue(first.repeat(text.minLength()));
    }
    if (space instanceof Sequence sequence) {
      return new SequenceValue(sequence.element().emptyBatch());
    }
    if (space instanceof OneOf oneOf) {
      return new OneOfValue(0, zero(oneOf.spaces().get(0)));
    }
    Graph graph = (Graph) space;
    Value nodes = graph.node().stack(List.of(zero(graph.node())));
    Space edge = graph.edge();
    return edge == null
        ? new GraphValue(nodes, null, null)
        : new GraphValue(
            nodes,
            edge.stack(List.of(zero(edge))),
            NdArray.ofLongs(DType.INT32, new long[2], 1, 2));
  }
}
