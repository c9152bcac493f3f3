package io.gymbridge.server;

import io.gymbridge.core.Box;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.NdArray;
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
      return inside(box, array) ? array : box.clip(array);
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
    return batch;
  }

  private static boolean inside(Box box, NdArray batch) {
    int size = box.flatSize();
    if (batch.dtype() != box.dtype() || size == 0 || batch.size() % size != 0) {
      return true; // Of another type or shape: the encoder says so.
    }
    for (int i = 0; i < batch.size(); i++) {
      double component = batch.getDouble(i);
      if (component < box.low().getDouble(i % size) || component > box.high().getDouble(i % size)) {
        return false;
      }
    }
    return true;
  }
}
