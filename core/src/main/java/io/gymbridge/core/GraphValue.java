package io.gymbridge.core;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An element of a {@link Graph} space, Gymnasium's {@code GraphInstance}.
 *
 * @param nodes a batch of the nodes' values
 * @param edges a batch of the edges' values; null for a graph without edges
 * @param links (edges, 2) of {@code int32}: the indices of the two nodes that each edge connects;
 *     null for a graph without edges
 */
public record GraphValue(Value nodes, @Nullable Value edges, @Nullable NdArray links)
    implements Value {
  public GraphValue {
    if ((edges == null) != (links == null)) {
      throw new IllegalArgumentException("a graph has edges and their links, or neither");
    }
    if (links == null) {
      nodes.batchSize();
    } else {
      checkLinks(links, edges);
      int count = nodes.batchSize();
      for (int i = 0; i < links.size(); i++) {
        checkLink(links.getLong(i), i / 2, count);
      }
    }
  }

  static void checkLinks(NdArray links, @Nullable Value edges) {
    int[] shape = links.shape();
    if (links.dtype() != DType.INT32 || shape.length != 2 || shape[1] != 2) {
      throw new IllegalArgumentException(
          "links are int32 of shape (edges, 2), got %s%s"
              .formatted(links.dtype().numpyName(), Arrays.toString(shape)));
    }
    if (edges != null && edges.batchSize() != shape[0]) {
      throw new IllegalArgumentException(
          "got %d edges and %d links".formatted(edges.batchSize(), shape[0]));
    }
  }

  static void checkLink(long node, int edge, int nodes) {
    if (node < 0 || node >= nodes) {
      throw new IllegalArgumentException(
          "edge %d links to node %d of %d".formatted(edge, node, nodes));
    }
  }
}
