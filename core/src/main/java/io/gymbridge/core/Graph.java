package io.gymbridge.core;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Graphs with values on nodes and edges.
 *
 * @param node the space of the nodes
 * @param edge the space of the edges; null: graphs without edges
 */
public record Graph(Space node, @Nullable Space edge) implements Space {
  /** Number of nodes of a sampled graph, Gymnasium's. */
  private static final int SAMPLED_NODES = 10;

  @Override
  public @Nullable String whyNot(Value value) {
    if (!(value instanceof GraphValue graph)) {
      return "got a %s, expected one of %s".formatted(value.getClass().getSimpleName(), this);
    }
    String mismatch = Sequence.whyNotAll(node, graph.nodes(), "node");
    if (mismatch != null || graph.edges() == null) {
      return mismatch;
    }
    return edge == null
        ? "got edges, but %s has no space for them".formatted(this)
        : Sequence.whyNotAll(edge, graph.edges(), "edge");
  }

  /**
   * Of 10 nodes, or of as many as the mask has for; with n nodes, of less than n(n − 1) edges
   * between random nodes.
   */
  @Override
  public GraphValue sample(RandomGenerator random, Mask mask) {
    int given = mask instanceof Mask.Graph masks ? masks.nodes().size() : 0;
    int nodes = given == 0 ? SAMPLED_NODES : given;
    return sample(random, mask, nodes, nodes > 1 ? random.nextInt(nodes * (nodes - 1)) : 0);
  }

  /**
   * A random member with a number of nodes and edges.
   *
   * @param nodes at least 1
   * @param edges at least 0; without an edge space there are none
   * @throws IllegalArgumentException if the mask is not one for this space or number of nodes
   */
  public GraphValue sample(RandomGenerator random, Mask mask, int nodes, int edges) {
    if (nodes < 1 || edges < 0) {
      throw new IllegalArgumentException(
          "a sampled graph has at least 1 node, got %d nodes and %d edges".formatted(nodes, edges));
    }
    List<Mask> nodeMasks = List.of();
    Mask edgeMask = Mask.none();
    if (mask instanceof Mask.Graph given) {
      nodeMasks = given.nodes();
      edgeMask = given.edge();
    } else if (!(mask instanceof Mask.None)) {
      throw mask.refusal(this, "Mask.Graph");
    }
    if (!nodeMasks.isEmpty() && nodeMasks.size() != nodes) {
      throw mask.refusal(this, "masks for %d nodes".formatted(nodes));
    }
    List<Value> sampled = new ArrayList<>();
    for (int i = 0; i < nodes; i++) {
      sampled.add(node.sample(random, nodeMasks.isEmpty() ? Mask.none() : nodeMasks.get(i)));
    }
    Value batch = node.stack(sampled);
    if (edge == null || edges == 0) {
      return new GraphValue(batch, null, null);
    }
    List<Value> values = new ArrayList<>();
    for (int i = 0; i < edges; i++) {
      values.add(edge.sample(random, edgeMask));
    }
    long[] links = random.ints(2L * edges, 0, nodes).asLongStream().toArray();
    return new GraphValue(batch, edge.stack(values), NdArray.ofLongs(DType.INT32, links, edges, 2));
  }

  @Override
  public GraphBatch emptyBatch() {
    Offsets none = Offsets.ofLengths();
    NdArray links = NdArray.empty(DType.INT32, 2);
    return new GraphBatch(none, node.emptyBatch(), none, NdArray.empty(DType.BOOL), null, links);
  }

  @Override
  public Tuple batch(int n) {
    return Products.copies(this, n);
  }

  @Override
  public boolean isFlattenable() {
    return false;
  }

  @Override
  public int flatSize() {
    throw Products.notFlattenable(this);
  }

  @Override
  public Graph flatSpace() {
    return new Graph(node.flatSpace(), edge == null ? null : edge.flatSpace());
  }

  @Override
  public GraphValue flatten(Value member) {
    GraphValue graph = graph(member);
    Value edges = graph.edges();
    return new GraphValue(
        Sequence.mapped(graph.nodes(), node::flatten, node.flatSpace()),
        edge == null || edges == null
            ? null
            : Sequence.mapped(edges, edge::flatten, edge.flatSpace()),
        graph.links());
  }

  @Override
  public GraphValue unflatten(Value flat) {
    GraphValue graph = graph(flat);
    Value edges = graph.edges();
    return new GraphValue(
        Sequence.mapped(graph.nodes(), node::unflatten, node),
        edge == null || edges == null ? null : Sequence.mapped(edges, edge::unflatten, edge),
        graph.links());
  }

  private GraphValue graph(Value value) {
    if (value instanceof GraphValue graph) {
      return graph;
    }
    throw Products.unexpected(value, this);
  }

  @Override
  public String toString() {
    return "Graph(%s, %s)".formatted(node, edge == null ? "no edges" : edge);
  }
}
