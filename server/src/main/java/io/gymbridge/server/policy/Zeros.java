package io.gymbridge.server.policy;

import io.gymbridge.core.Box;
import io.gymbridge.core.Dict;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The recurrent state with which an episode begins. */
final class Zeros {
  private Zeros() {}

  /** A single value of a Dict of Boxes, all zero. */
  static Value of(@Nullable Space space) {
    if (!(space instanceof Dict dict)) {
      throw new IllegalStateException("expected a state space of a Dict of Boxes, got " + space);
    }
    Map<String, Value> parts = new LinkedHashMap<>();
    dict.spaces()
        .forEach(
            (name, part) -> {
              Box box = (Box) part;
              parts.put(
                  name, NdArray.ofDoubles(box.dtype(), new double[box.flatSize()], box.shape()));
            });
    return new io.gymbridge.core.DictValue(parts);
  }
}
