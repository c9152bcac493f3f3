package io.gymbridge.core;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A member of a space as fields of an {@link EnvState}: an array its elements, a product its parts,
 * a text its UTF-8 bytes, and what varies in size a flag before each element and after the last.
 */
final class MemberState {
  private final EnvState state;

  MemberState(EnvState state) {
    this.state = state;
  }

  /**
   * The member saved or restored.
   *
   * @param present null where it is to be restored, and there is none
   * @throws IllegalArgumentException if what was saved is no value of this kind of space
   */
  Value exchange(Space space, @Nullable Value present) {
    if (space instanceof Tuple tuple) {
      List<Value> parts = new ArrayList<>();
      for (Space part : tuple.spaces()) {
        parts.add(
            exchange(
                part, present == null ? null : ((TupleValue) present).parts().get(parts.size())));
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
                      exchange(part, present == null ? null : ((DictValue) present).part(name))));
      return new DictValue(parts);
    }
    if (space instanceof Text) {
      String text = present == null ? "" : ((TextValue) present).text();
      byte[] utf8 = state.bytes(text.getBytes(StandardCharsets.UTF_8));
      return new TextValue(new String(utf8, StandardCharsets.UTF_8));
    }
    if (space instanceof Sequence sequence) {
      return new SequenceValue(
          batch(sequence.element(), present == null ? null : ((SequenceValue) present).elements()));
    }
    if (space instanceof OneOf oneOf) {
      OneOfValue chosen = (OneOfValue) present;
      int choice =
          state.integer(chosen == null ? 0 : chosen.choice(), 0, oneOf.spaces().size() - 1);
      return new OneOfValue(
          choice, exchange(oneOf.spaces().get(choice), chosen == null ? null : chosen.value()));
    }
    if (space instanceof Graph graph) {
      return graph(graph, (GraphValue) present);
    }
    NdArray none = (NdArray) space.emptyBatch();
    int[] shape = Arrays.copyOfRange(none.shape(), 1, none.shape().length);
    return array(none.dtype(), shape, (NdArray) present);
  }

  private Value batch(Space element, @Nullable Value present) {
    int size = present == null ? 0 : present.batchSize();
    List<Value> rows = new ArrayList<>();
    while (state.flag(rows.size() < size)) {
      rows.add(exchange(element, present == null ? null : present.row(rows.size())));
    }
    return element.stack(rows);
  }

  private GraphValue graph(Graph space, @Nullable GraphValue present) {
    Value nodes = batch(space.node(), present == null ? null : present.nodes());
    Space edge = space.edge();
    if (!state.flag(present != null && present.edges() != null) || edge == null) {
      return new GraphValue(nodes, null, null);
    }
    Value edges = batch(edge, present == null ? null : present.edges());
    NdArray links = present == null ? null : present.links();
    int[] shape = {edges.batchSize(), 2};
    return new GraphValue(nodes, edges, array(DType.INT32, shape, links));
  }

  private NdArray array(DType dtype, int[] shape, @Nullable NdArray present) {
    byte[] data = new byte[present == null ? 0 : present.size() * dtype.bytes()];
    if (present != null) {
      present.data().get(0, data);
    }
    return NdArray.wrap(dtype, ByteBuffer.wrap(state.bytes(data)), shape);
  }
}
