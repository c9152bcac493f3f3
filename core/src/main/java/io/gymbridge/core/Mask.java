package io.gymbridge.core;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Which members of a space may be sampled, in the forms that Gymnasium has for its spaces. A {@link
 * Box} takes none but {@link None}.
 */
public sealed interface Mask {

  /** Every member may be sampled: Gymnasium's {@code None}. */
  static Mask none() {
    return new None();
  }

  /** Every member may be sampled. */
  record None() implements Mask {}

  /**
   * For a {@link Discrete} or a component of a {@link MultiDiscrete}: n of {@code int8}, 1 where
   * the value may be sampled, else 0; if all are 0, the smallest value is. For a {@link
   * MultiBinary}: {@code int8} of its shape, 0 or 1 to fix a component, 2 to leave it to chance.
   */
  record Values(NdArray values) implements Mask {}

  /**
   * For a {@link io.gymbridge.core.Text}.
   *
   * @param length of the text; empty leaves it to chance
   * @param characters {@code int8}, one for each of the charset's, 1 where it may be sampled, else
   *     0; null for all. If all are 0, the text is empty.
   */
  record Text(OptionalInt length, @Nullable NdArray characters) implements Mask {}

  /**
   * For a {@link Tuple} or {@link OneOf}: a mask for each part. For a {@link MultiDiscrete}: {@link
   * Values} for each component, in row-major order.
   */
  record Parts(List<Mask> parts) implements Mask {
    public Parts {
      parts = List.copyOf(parts);
    }

    public Parts(Mask... parts) {
      this(List.of(parts));
    }
  }

  /** For a {@link Dict}: a mask for each part. */
  record Named(Map<String, Mask> parts) implements Mask {
    public Named {
      parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    }
  }

  /**
   * For a {@link io.gymbridge.core.Sequence}.
   *
   * @param lengths one of which the sequence has; empty leaves the length to a geometric
   *     distribution
   * @param element for each element
   */
  record Sequence(List<Integer> lengths, Mask element) implements Mask {
    public Sequence {
      lengths = List.copyOf(lengths);
    }
  }

  /**
   * For a {@link io.gymbridge.core.Graph}.
   *
   * @param nodes one for each node; empty for none
   * @param edge for every edge
   */
  record Graph(List<Mask> nodes, Mask edge) implements Mask {
    public Graph {
      nodes = List.copyOf(nodes);
    }
  }

  /** The refusal of this mask by a space. */
  default IllegalArgumentException refusal(Space space, String expected) {
    return new IllegalArgumentException(
        "got the mask %s for %s, expected %s".formatted(this, space, expected));
  }
}
