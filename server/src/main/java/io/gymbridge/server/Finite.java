package io.gymbridge.server;

import io.gymbridge.core.DictValue;
import io.gymbridge.core.GraphBatch;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.OneOfBatch;
import io.gymbridge.core.SequenceBatch;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;

/** Refuses NaN and infinities, which a network would turn into a plausible action. */
public final class Finite {
  private Finite() {}

  /** Throws INVALID_ARGUMENT, naming the first element that is not finite. */
  public static void check(Value batch, String what) {
    if (batch instanceof NdArray array) {
      int i = array.firstNotFinite();
      if (i >= 0) {
        int rowSize = array.size() / array.batchSize();
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "%s: component %d of row %d is %s, expected a finite number"
                .formatted(what, i % rowSize, i / rowSize, array.getDouble(i)));
      }
    } else if (batch instanceof TupleValue tuple) {
      for (int i = 0; i < tuple.parts().size(); i++) {
        check(tuple.parts().get(i), what + "[" + i + "]");
      }
    } else if (batch instanceof DictValue dict) {
      dict.parts().forEach((name, part) -> check(part, what + "[\"" + name + "\"]"));
    } else if (batch instanceof SequenceBatch sequences) {
      check(sequences.elements(), what + ".element");
    } else if (batch instanceof GraphBatch graphs) {
      check(graphs.nodes(), what + ".nodes");
      if (graphs.edges() != null) {
        check(graphs.edges(), what + ".edges");
      }
    } else if (batch instanceof OneOfBatch choices) {
      choices
          .alternatives()
          .forEach((choice, values) -> check(values, what + ".alternative[" + choice + "]"));
    }
  }
}
