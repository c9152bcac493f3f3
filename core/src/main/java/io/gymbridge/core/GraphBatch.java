package io.gymbridge.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A batch of N {@link GraphValue}s.
 *
 * @param nodeOffsets where each graph begins in {@code nodes}
 * @param nodes a batch of all graphs' nodes, end to end
 * @param edgeOffsets where each graph begins in {@code edges} and {@code links}
 * @param present N of {@code bool}: whether the graph has edges (perhaps none of them) or null
 * @param edges a batch of all graphs' edges, end to end; null where none are present
 * @param links (edges, 2) of {@code int32}: indices into each graph's own nodes
 */
public record GraphBatch(
    Offsets nodeOffsets,
    Value nodes,
    Offsets edgeOffsets,
    NdArray present,
    @Nullable Value edges,
    NdArray links)
    implements Value {
  public GraphBatch {
    int n = nodeOffsets.count();
    if (edgeOffsets.count() != n
        || present.dtype() != DType.BOOL
        || present.shape().length != 1
        || present.size() != n) {
      throw new IllegalArgumentException(
          "got %d node offsets and %d edge offsets for the graphs whose edges are present in %s"
              .formatted(n + 1, edgeOffsets.count() + 1, present));
    }
    if (nodes.batchSize() != nodeOffsets.total()) {
      throw new IllegalArgumentException(
          "the node offsets end at %d, there are %d nodes"
              .formatted(nodeOffsets.total(), nodes.batchSize()));
    }
    GraphValue.checkLinks(links, edges);
    if (links.batchSize() != edgeOffsets.total()) {
      throw new IllegalArgumentException(
          "the edge offsets end at %d, there are %d links"
              .formatted(edgeOffsets.total(), links.batchSize()));
    }
    boolean any = false;
    for (int graph = 0; graph < n; graph++) {
      long flag = present.getLong(graph);
      if (flag < 0 || flag > 1 || (flag == 0 && edgeOffsets.length(graph) != 0)) {
        throw new IllegalArgumentException(
            "graph %d has %d edges, and %d where 1 says that edges are present and 0 that not"
                .formatted(graph, edgeOffsets.length(graph), flag));
      }
      any |= flag == 1;
      for (int edge = edgeOffsets.start(graph); edge < edgeOffsets.start(graph + 1); edge++) {
        GraphValue.checkLink(links.getLong(2 * edge), edge, nodeOffsets.length(graph));
        GraphValue.checkLink(links.getLong(2 * edge + 1), edge, nodeOffsets.length(graph));
      }
    }
    if (any && edges == null) {
      throw new IllegalArgumentException("edges are present, but there are no values for them");
    }
    edges = any ? edges : null;
  }

  static GraphBatch of(List<GraphValue> graphs) {
    int[] nodeCounts = graphs.stream().mapToInt(graph -> graph.nodes().batchSize()).toArray();
    int[] edgeCounts = graphs.stream().mapToInt(graph -> linksOf(graph).batchSize()).toArray();
    List<Value> edges = new ArrayList<>();
    for (GraphValue graph : graphs) {
      if (graph.edges() != null) {
        edges.add(graph.edges());
      }
    }
    long[] present = graphs.stream().mapToLong(graph -> graph.links() == null ? 0 : 1).toArray();
    return new GraphBatch(
        Offsets.ofLengths(nodeCounts),
        Value.concatenate(graphs.stream().map(GraphValue::nodes).toList()),
        Offsets.ofLengths(edgeCounts),
        NdArray.ofLongs(DType.BOOL, present, present.length),
        joined(edges),
        NdArray.concatenate(graphs.stream().map(GraphBatch::linksOf).toList()));
  }

  private static NdArray linksOf(GraphValue graph) {
    NdArray links = graph.links();
    return links == null ? NdArray.empty(DType.INT32, 2) : links;
  }

  private static @Nullable Value joined(List<Value> edges) {
    return edges.isEmpty() ? null : Value.concatenate(edges);
  }

  static GraphBatch concatenate(List<GraphBatch> batches) {
    List<Value> edges = new ArrayList<>();
    for (GraphBatch batch : batches) {
      if (batch.edges != null) {
        edges.add(batch.edges);
      }
    }
    return new GraphBatch(
        Offsets.concatenate(batches.stream().map(GraphBatch::nodeOffsets).toList()),
        Value.concatenate(batches.stream().map(GraphBatch::nodes).toList()),
        Offsets.concatenate(batches.stream().map(GraphBatch::edgeOffsets).toList()),
        NdArray.concatenate(batches.stream().map(GraphBatch::present).toList()),
        joined(edges),
        NdArray.concatenate(batches.stream().map(GraphBatch::links).toList()));
  }

  @Override
  public int batchSize() {
    return nodeOffsets.count();
  }

  @Override
  public GraphValue row(int index) {
    Objects.checkIndex(index, batchSize());
    Value graphNodes = nodes.slice(nodeOffsets.start(index), nodeOffsets.length(index));
    if (present.getLong(index) == 0) {
      return new GraphValue(graphNodes, null, null);
    }
    int first = edgeOffsets.start(index);
    int count = edgeOffsets.length(index);
    return new GraphValue(
        graphNodes, Objects.requireNonNull(edges).slice(first, count), links.slice(first, count));
  }

  @Override
  public GraphBatch slice(int first, int count) {
    Objects.checkFromIndexSize(first, count, batchSize());
    return take(IntStream.range(first, first + count).toArray());
  }

  @Override
  public GraphBatch take(int[] indices) {
    int[] edgeEntries = edgeOffsets.entries(indices);
    return new GraphBatch(
        nodeOffsets.take(indices),
        nodes.take(nodeOffsets.entries(indices)),
        edgeOffsets.take(indices),
        present.take(indices),
        edges == null ? null : edges.take(edgeEntries),
        links.take(edgeEntries));
  }
}
