package io.gymbridge.server.policy;

import io.gymbridge.core.Box;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Graph;
import io.gymbridge.core.GraphBatch;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.OneOfBatch;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.SequenceBatch;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Brings a policy's actions into its space, so that no environment refuses them. */
final class Clip {
  private Clip() {}

  /** The batch with the arrays of boxes clipped; everything else as it is. */
  static Value into(Space space, Value batch) {
    if (space instanceof Box box && batch instanceof NdArray array) {
      int size = box.flatSize();
      // An array of another type or shape is left to the encoder, which says so.
      boolean fits = array.dtype() == box.dtype() && size > 0 && array.size() % size == 0;
      return !fits || box.containsAll(array) ? array : box.clip(array);
    }
    if (space instanceof Tuple tuple && batch instanceof TupleValue value) {
      List<Value> parts = new ArrayList<>();
      for (int i = 0; i < tuple.spaces().size() && i < value.parts().size(); i++) {
        parts.add(into(tuple.spaces().get(i), value.parts().get(i)));
      }
      return new TupleValue(parts);
    }
    if (space instanceof Dict dict && batch instanceof DictValue value) {
      Map<String, Value> parts = new LinkedHashMap<>();
      dict.spaces().forEach((name, part) -> parts.put(name, into(part, value.part(name))));
      return new DictValue(parts);
    }
    if (space instanceof Sequence sequence && batch instanceof SequenceBatch value) {
      return new SequenceBatch(value.offsets(), into(sequence.element(), value.elements()));
    }
    if (space instanceof Graph graph && batch instanceof GraphBatch value) {
      Value edges = value.edges();
      return new GraphBatch(
          value.nodeOffsets(),
          into(graph.node(), value.nodes()),
          value.edgeOffsets(),
          value.present(),
          graph.edge() == null || edges == null ? edges : into(graph.edge(), edges),
          value.links());
    }
    if (space instanceof OneOf oneOf && batch instanceof OneOfBatch value) {
      Map<Integer, Value> alternatives = new LinkedHashMap<>(value.alternatives());
      alternatives.replaceAll(
          (choice, values) ->
              choice >= 0 && choice < oneOf.spaces().size()
                  ? into(oneOf.spaces().get(choice), values)
                  : values);
      return new OneOfBatch(value.choices(), alternatives);
    }
    return batch;
  }
}
