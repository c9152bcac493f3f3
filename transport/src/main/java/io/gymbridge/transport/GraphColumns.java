package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.Graph;
import io.gymbridge.core.GraphBatch;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Offsets;
import io.gymbridge.core.Value;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Node offsets, the nodes' columns, edge offsets, a byte per graph that is 1 where edges are
 * present, the edges' columns (where the space has edges) and their links.
 */
final class GraphColumns implements Columns {
  private final String path;
  private final Columns nodes;
  private final @Nullable Columns edges;
  private final @Nullable Value noEdges;

  GraphColumns(String path, Graph graph) {
    this.path = path;
    this.nodes = Columns.of(graph.node(), path + ".nodes");
    this.edges = graph.edge() == null ? null : Columns.of(graph.edge(), path + ".edges");
    this.noEdges = graph.edge() == null ? null : graph.edge().emptyBatch();
  }

  @Override
  public int count() {
    return 4 + nodes.count() + (edges == null ? 0 : edges.count());
  }

  @Override
  public long rowBytes() {
    return 9;
  }

  @Override
  public void encode(Value batch, int n, String what, List<ByteString> into) {
    GraphBatch graphs = Columns.batch(GraphBatch.class, batch, n, what + path);
    Value values = graphs.edges() == null ? noEdges : graphs.edges();
    into.add(Columns.bytes(graphs.nodeOffsets().array()));
    nodes.encode(graphs.nodes(), graphs.nodeOffsets().total(), what, into);
    into.add(Columns.bytes(graphs.edgeOffsets().array()));
    into.add(Columns.bytes(graphs.present()));
    if (edges != null && values != null) {
      edges.encode(values, graphs.edgeOffsets().total(), what, into);
    } else if (values != null) {
      throw Shapes.invalid(
          what + path + ": got graphs with values on their edges, the space has none");
    }
    into.add(Columns.bytes(graphs.links()));
  }

  @Override
  public Value decode(Iterator<ByteString> buffers, int n, String what) {
    Offsets nodeOffsets =
        Columns.offsets(buffers.next(), n, nodes.rowBytes(), what + path + ".nodes");
    Value nodeValues = nodes.decode(buffers, nodeOffsets.total(), what);
    Offsets edgeOffsets = Columns.offsets(buffers.next(), n, 8, what + path + ".edges");
    int count = edgeOffsets.total();
    NdArray present =
        Columns.array(buffers.next(), DType.BOOL, new int[] {n}, what + path + ".present");
    Value edgeValues = edges == null ? null : edges.decode(buffers, count, what);
    NdArray links =
        Columns.array(
            buffers.next(), DType.INT32, new int[] {count, 2}, what + path + ".edge_links");
    return Columns.checked(
        () -> new GraphBatch(nodeOffsets, nodeValues, edgeOffsets, present, edgeValues, links),
        what + path);
  }
}
