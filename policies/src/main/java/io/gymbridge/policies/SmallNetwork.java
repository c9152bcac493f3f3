package io.gymbridge.policies;

import ai.onnxruntime.OrtException;
import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A graph of the operators that most policies are made of, computed in Java, a row after the other.
 * For some rows of a small network that takes less than what ONNX Runtime takes to be called.
 *
 * <p>Immutable, and thread-safe: what changes is in the {@link Frame}.
 */
final class SmallNetwork {
  /** What a row's numbers are. Those of FLOAT32 are in float arrays, others in double arrays. */
  enum Type {
    FLOAT32,
    FLOAT64,
    INT64
  }

  /**
   * What is computed for a row, or does not depend on it.
   *
   * @param slot where in the frame; −1 for a shape
   * @param shape of a row
   * @param size how many numbers that is
   * @param floats of a constant, where they are float32
   * @param constant what it is where it is the same for all rows
   * @param shapeOf of an operator's Shape, the value that it is the shape of
   */
  private record Cells(
      int slot,
      Type type,
      int[] shape,
      int size,
      float @Nullable [] floats,
      OnnxGraph.@Nullable Constant constant,
      @Nullable Cells shapeOf) {
    /** What is computed. */
    static Cells of(int slot, Type type, int[] shape) {
      return new Cells(slot, type, shape, product(shape), null, null, null);
    }

    static Cells of(int slot, OnnxGraph.Constant constant) {
      float[] floats = constant.type() == Type.FLOAT32 ? Layers.floats(constant.values()) : null;
      int size = constant.values().length;
      return new Cells(slot, constant.type(), constant.shape(), size, floats, constant, null);
    }

    static Cells ofShape(Cells value) {
      return new Cells(-1, Type.INT64, new int[] {2}, 2, null, null, value);
    }

    Cells withShape(int[] other) {
      return new Cells(slot, type, other, size, floats, constant, null);
    }
  }

  /** The numbers of one row while it is computed. */
  static final class Frame {
    private final float[][] floats;
    private final double[][] doubles;

    private Frame(List<Cells> cells) {
      floats = new float[cells.size()][];
      doubles = new double[cells.size()][];
      for (Cells each : cells) {
        if (each.floats != null) {
          floats[each.slot] = each.floats;
        } else if (each.constant != null) {
          doubles[each.slot] = each.constant.values();
        } else if (each.type == Type.FLOAT32) {
          floats[each.slot] = new float[each.size];
        } else {
          doubles[each.slot] = new double[each.size];
        }
      }
    }
  }

  /** Computes one value of a row from others. */
  private interface Step {
    void run(Frame frame);
  }

  /** A step, and what it is for. */
  private record Planned(List<String> outputs, List<String> inputs, Step step) {}

  /** A graph that is not for this class, which ONNX Runtime computes. */
  private static final class Unsupported extends Exception {
    private static final long serialVersionUID = 1;

    Unsupported(String what) {
      super(what);
    }
  }

  /** Multiplications, or other operations, that take about as long as ONNX Runtime's fixed cost. */
  private static final int MOST_OPERATIONS = 150_000;

  /** Of a model that is looked at: more than so many weights take. */
  private static final int MOST_BYTES = 1 << 20;

  private static final int MOST_ROWS = 8;

  private final List<Cells> cells = new ArrayList<>();
  private final Map<String, Cells> values = new HashMap<>();
  private final Map<String, OnnxGraph.Constant> constants = new HashMap<>();
  private final List<Planned> planned = new ArrayList<>();
  private final Cells input;
  private final EnumMap<Role, Cells> outputs = new EnumMap<>(Role.class);
  private final Map<Role, String> names;
  private final Step[][] steps = new Step[Role.SETS][];
  private long operations;

  private SmallNetwork(OnnxGraph graph, GraphPlan plan) throws Unsupported {
    Port port = plan.inputs().get(0);
    if (plan.inputs().size() > 1 || !plan.stateOutputs().isEmpty() || plan.single()) {
      throw new Unsupported("several inputs, or batches of one");
    }
    names = plan.signature().outputs();
    input = add(port.name(), type(port.dtype()), port.row());
    for (Map.Entry<String, OnnxGraph.@Nullable Constant> each : graph.constants().entrySet()) {
      if (each.getValue() != null) {
        constants.put(each.getKey(), each.getValue());
      }
    }
    for (OnnxGraph.Node node :
        needed(
            graph.nodes(),
            OnnxGraph.Node::outputs,
            OnnxGraph.Node::inputs,
            plan.signature().outputs().values())) {
      add(node);
    }
    for (Map.Entry<Role, Port> role : plan.roles().entrySet()) {
      Cells value = value(role.getValue().name());
      Port output = role.getValue();
      if (value.size != output.size() || output.outer() != 1) {
        throw new Unsupported("an output that is not computed row by row");
      }
      type(output.dtype());
      outputs.put(role.getKey(), value);
    }
    for (int wanted = 0; wanted < steps.length; wanted++) {
      steps[wanted] = steps(wanted);
    }
    // What is left of them is in the steps.
    constants.clear();
  }

  /**
   * The graph, or null where it is larger, or of other operators, than this class is for.
   *
   * @param space of the observations
   */
  static @Nullable SmallNetwork of(byte[] onnx, GraphPlan plan, Space space) throws OrtException {
    if (onnx.length > MOST_BYTES) {
      return null;
    }
    try {
      return of(OnnxGraph.read(onnx), plan, space);
    } catch (RuntimeException e) {
      // Whether it is no model at all is for ONNX Runtime to say.
      return null;
    }
  }

  static @Nullable SmallNetwork of(OnnxGraph graph, GraphPlan plan, Space space)
      throws OrtException {
    try {
      SmallNetwork network = new SmallNetwork(graph, plan);
      return network.agrees(plan, space) ? network : null;
    } catch (Unsupported | RuntimeException e) {
      return null;
    }
  }

  /** Whether ONNX Runtime gives the same for some observations: it is the one to go by. */
  private boolean agrees(GraphPlan plan, Space space) throws OrtException {
    int rows = mostRows();
    SplittableRandom random = new SplittableRandom(0);
    Value members = space.stack(Stream.generate(() -> space.sample(random)).limit(rows).toList());
    try (Runner theirs = new Runner(plan, null, rows);
        Runner ours = new Runner(plan, this, rows)) {
      for (Runner runner : List.of(theirs, ours)) {
        runner.begin(rows);
        runner.put(0, plan.leaves().get(0).in(members), rows, 0);
        runner.run(Role.SETS - 1);
      }
      for (Map.Entry<Role, Port> role : plan.roles().entrySet()) {
        for (int i = 0; i < rows * role.getValue().size(); i++) {
          int row = i / role.getValue().size();
          int component = i % role.getValue().size();
          double wanted = theirs.memory(role.getKey()).get(row, component, rows);
          double got = ours.memory(role.getKey()).get(row, component, rows);
          // Written so that NaN does not pass.
          if (!(Math.abs(got - wanted) <= PolicyBundle.PARITY * Math.max(1, Math.abs(wanted)))) {
            return false;
          }
        }
      }
    }
    return true;
  }

  /** Batches of so many rows are computed faster here. */
  int mostRows() {
    return (int) Math.min(MOST_ROWS, MOST_OPERATIONS / Math.max(1, operations));
  }

  Frame frame() {
    return new Frame(cells);
  }

  /** Computes the outputs of these roles for each of the rows. */
  void run(Frame frame, Memory from, int rows, Map<Role, Memory> into, int wanted) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < input.size; i++) {
        double number = from.get(row, i, rows);
        if (input.type == Type.FLOAT32) {
          frame.floats[input.slot][i] = (float) number;
        } else {
          frame.doubles[input.slot][i] = number;
        }
      }
      for (Step step : steps[wanted]) {
        step.run(frame);
      }
      for (Map.Entry<Role, Cells> output : outputs.entrySet()) {
        if ((wanted & output.getKey().bit()) != 0) {
          Cells value = output.getValue();
          Memory memory = java.util.Objects.requireNonNull(into.get(output.getKey()));
          for (int i = 0; i < value.size; i++) {
            double number =
                value.type == Type.FLOAT32
                    ? frame.floats[value.slot][i]
                    : frame.doubles[value.slot][i];
            memory.set(row, i, rows, number);
          }
        }
      }
    }
  }

  /** Those that these roles' outputs take. */
  private Step[] steps(int wanted) {
    Set<String> needed = new HashSet<>();
    for (Role role : outputs.keySet()) {
      if ((wanted & role.bit()) != 0) {
        needed.add(java.util.Objects.requireNonNull(names.get(role)));
      }
    }
    return needed(planned, Planned::outputs, Planned::inputs, needed).stream()
        .map(Planned::step)
        .toArray(Step[]::new);
  }

  /** What computes these values and all that they are computed from, in its order. */
  private static <T> List<T> needed(
      List<T> all,
      Function<T, List<String>> outputs,
      Function<T, List<String>> inputs,
      Collection<String> values) {
    Set<String> needed = new HashSet<>(values);
    ArrayDeque<T> found = new ArrayDeque<>();
    for (int i = all.size() - 1; i >= 0; i--) {
      T each = all.get(i);
      if (outputs.apply(each).stream().anyMatch(needed::contains)) {
        needed.addAll(inputs.apply(each));
        found.addFirst(each);
      }
    }
    return List.copyOf(found);
  }

  private static Type type(DType dtype) throws Unsupported {
    return switch (dtype) {
      case FLOAT32 -> Type.FLOAT32;
      case FLOAT64 -> Type.FLOAT64;
      case INT64 -> Type.INT64;
      default -> throw new Unsupported("numbers of " + dtype);
    };
  }

  private Cells add(String name, Type type, int... shape) throws Unsupported {
    Cells made = Cells.of(cells.size(), type, shape.clone());
    cells.add(made);
    values.put(name, made);
    count(made.size);
    return made;
  }

  /** Before memory is taken for what is too large. */
  private void count(long more) throws Unsupported {
    operations += more;
    if (operations > MOST_OPERATIONS) {
      throw new Unsupported("more than is computed here");
    }
  }

  private Cells value(OnnxGraph.Node node, int index) throws Unsupported {
    Cells value = value(input(node, index));
    if (value.shapeOf != null) {
      throw new Unsupported(node.operator() + " of a shape");
    }
    return value;
  }

  private Cells value(String name) throws Unsupported {
    Cells value = values.get(name);
    OnnxGraph.Constant constant = constants.get(name);
    if (value == null && constant != null) {
      count(constant.values().length);
      value = Cells.of(cells.size(), constant);
      cells.add(value);
      values.put(name, value);
    }
    if (value == null) {
      throw new Unsupported("no value " + name);
    }
    return value;
  }

  private static String input(OnnxGraph.Node node, int index) throws Unsupported {
    if (index >= node.inputs().size()) {
      throw new Unsupported(node.operator() + " without an input");
    }
    return node.inputs().get(index);
  }

  private OnnxGraph.Constant constant(OnnxGraph.Node node, int index) throws Unsupported {
    OnnxGraph.Constant constant = constants.get(input(node, index));
    if (constant == null) {
      throw new Unsupported(node.operator() + " of what is computed");
    }
    return constant;
  }

  private void add(OnnxGraph.Node node) throws Unsupported {
    if (node.outputs().size() != 1) {
      throw new Unsupported(node.operator() + " with several outputs");
    }
    switch (node.operator()) {
      case "Constant" -> {
        OnnxGraph.Constant constant = node.others().get("value");
        if (constant == null) {
          throw new Unsupported("an unusual constant");
        }
        constants.put(node.outputs().get(0), constant);
      }
      case "Identity", "Flatten", "Reshape" -> same(node);
      case "Shape" -> shape(node);
      case "Expand" -> expand(node);
      case "Cast" -> cast(node);
      case "Add", "Sub", "Mul", "Div", "Max", "Min" -> binary(node);
      case "Clip" -> clip(node);
      case "Tanh", "Relu" -> activation(node);
      case "Gemm", "MatMul" -> product(node);
      case "Slice" -> slice(node);
      case "ArgMax" -> argMax(node);
      case "Concat" -> concat(node);
      default -> throw new Unsupported(node.operator());
    }
  }

  private void plan(OnnxGraph.Node node, Step step) {
    planned.add(new Planned(node.outputs(), node.inputs(), step));
  }

  /** What has the same numbers in another shape. */
  private void same(OnnxGraph.Node node) throws Unsupported {
    Cells from = value(node, 0);
    int[] shape = from.shape;
    if (node.operator().equals("Flatten") && node.number("axis", 1) == 1) {
      shape = new int[] {from.size};
    } else if (node.operator().equals("Reshape")) {
      double[] wanted = constant(node, 1).values();
      shape = new int[wanted.length - 1];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = (int) wanted[i + 1];
      }
      if ((wanted[0] != -1 && wanted[0] != 0) || product(shape) != from.size) {
        throw new Unsupported("Reshape of more than rows");
      }
    } else if (!node.operator().equals("Identity")) {
      throw new Unsupported("Flatten of more than rows");
    }
    if (from.constant != null && !node.operator().equals("Identity")) {
      throw new Unsupported("a constant's other shape");
    }
    values.put(node.outputs().get(0), from.withShape(shape));
    plan(node, frame -> {});
  }

  private void shape(OnnxGraph.Node node) throws Unsupported {
    values.put(node.outputs().get(0), Cells.ofShape(value(node, 0)));
  }

  /** Of a row of constants, to as many rows as another value has. */
  private void expand(OnnxGraph.Node node) throws Unsupported {
    OnnxGraph.Constant constant = constant(node, 0);
    Cells like = value(input(node, 1)).shapeOf;
    if (like == null || !Arrays.equals(withoutOnes(constant.shape()), withoutOnes(like.shape))) {
      throw new Unsupported("Expand but to rows");
    }
    values.put(node.outputs().get(0), value(node, 0));
  }

  private void cast(OnnxGraph.Node node) throws Unsupported {
    Cells from = value(node, 0);
    Type to =
        switch ((int) node.number("to", 0)) {
          case 1 -> Type.FLOAT32;
          case 7 -> Type.INT64;
          case 11 -> Type.FLOAT64;
          default -> throw new Unsupported("Cast to an unusual type");
        };
    if (to == from.type) {
      same(new OnnxGraph.Node("Identity", node.inputs(), node.outputs(), Map.of(), Map.of()));
      return;
    }
    Cells out = add(node.outputs().get(0), to, from.shape);
    if (to == Type.FLOAT32) {
      plan(node, frame -> Layers.narrow(frame.doubles[from.slot], frame.floats[out.slot]));
    } else if (from.type == Type.FLOAT32 && to == Type.FLOAT64) {
      plan(node, frame -> Layers.widen(frame.floats[from.slot], frame.doubles[out.slot]));
    } else if (from.type == Type.INT64) {
      plan(node, frame -> copy(frame.doubles[from.slot], 0, frame.doubles[out.slot], 0));
    } else {
      throw new Unsupported("Cast of fractions to integers");
    }
  }

  private void binary(OnnxGraph.Node node) throws Unsupported {
    Cells a = value(node, 0);
    Cells b = value(node, 1);
    if (node.inputs().size() != 2 || a.type != b.type) {
      throw new Unsupported(node.operator() + " of different types");
    }
    Cells out = add(node.outputs().get(0), a.type, broadcast(a, b));
    Layers.Binary binary =
        Layers.Binary.valueOf(node.operator().toUpperCase(java.util.Locale.ROOT));
    if (out.type == Type.INT64 && binary == Layers.Binary.DIV) {
      throw new Unsupported("a quotient of integers");
    }
    if (out.type == Type.FLOAT32) {
      plan(
          node,
          frame ->
              Layers.apply(
                  binary, frame.floats[a.slot], frame.floats[b.slot], frame.floats[out.slot]));
    } else {
      plan(
          node,
          frame ->
              Layers.apply(
                  binary, frame.doubles[a.slot], frame.doubles[b.slot], frame.doubles[out.slot]));
    }
  }

  private static int[] broadcast(Cells a, Cells b) throws Unsupported {
    if (a.size == 1 && a.constant != null) {
      return b.shape;
    }
    boolean fits =
        (b.size == 1 && b.constant != null)
            || Arrays.equals(withoutOnes(a.shape), withoutOnes(b.shape));
    if (!fits) {
      throw new Unsupported("operands of different shapes");
    }
    return a.constant == null ? a.shape : b.shape;
  }

  private static int[] withoutOnes(int[] shape) {
    int first = 0;
    while (first < shape.length && shape[first] == 1) {
      first++;
    }
    return Arrays.copyOfRange(shape, first, shape.length);
  }

  private void clip(OnnxGraph.Node node) throws Unsupported {
    Cells from = value(node, 0);
    double[] low = constant(node, 1).values();
    double[] high = constant(node, 2).values();
    if (low.length != 1 || high.length != 1 || from.type == Type.INT64) {
      throw new Unsupported("Clip to several numbers");
    }
    Cells out = add(node.outputs().get(0), from.type, from.shape);
    if (out.type == Type.FLOAT32) {
      plan(
          node,
          frame ->
              Layers.clip(
                  frame.floats[from.slot],
                  (float) low[0],
                  (float) high[0],
                  frame.floats[out.slot]));
    } else {
      plan(
          node,
          frame -> Layers.clip(frame.doubles[from.slot], low[0], high[0], frame.doubles[out.slot]));
    }
  }

  private void activation(OnnxGraph.Node node) throws Unsupported {
    Cells from = value(node, 0);
    if (from.type != Type.FLOAT32) {
      throw new Unsupported(node.operator() + " of other numbers than float32");
    }
    Cells out = add(node.outputs().get(0), Type.FLOAT32, from.shape);
    if (node.operator().equals("Tanh")) {
      plan(node, frame -> Layers.tanh(frame.floats[from.slot], frame.floats[out.slot]));
    } else {
      plan(node, frame -> Layers.relu(frame.floats[from.slot], frame.floats[out.slot]));
    }
  }

  private void product(OnnxGraph.Node node) throws Unsupported {
    Cells from = value(node, 0);
    OnnxGraph.Constant weights = constant(node, 1);
    OnnxGraph.Constant biases = node.inputs().size() > 2 ? constant(node, 2) : null;
    boolean plain =
        node.number("alpha", 1) == 1
            && node.number("beta", 1) == 1
            && node.number("transA", 0) == 0;
    if (!plain
        || from.type != Type.FLOAT32
        || weights.type() != Type.FLOAT32
        || weights.shape().length != 2
        || from.shape.length != 1) {
      throw new Unsupported(node.operator() + " of other than rows of float32");
    }
    boolean transposed = node.number("transB", 0) != 0;
    int inputs = weights.shape()[transposed ? 1 : 0];
    int units = weights.shape()[transposed ? 0 : 1];
    if (from.size != inputs || (biases != null && biases.values().length != units)) {
      throw new Unsupported(node.operator() + " of sizes that do not fit");
    }
    count((long) inputs * units);
    Cells out = add(node.outputs().get(0), Type.FLOAT32, units);
    Layers.Product product =
        Layers.product(
            weights.values(), transposed, inputs, units, biases == null ? null : biases.values());
    plan(node, frame -> product.apply(frame.floats[from.slot], frame.floats[out.slot]));
  }

  private void slice(OnnxGraph.Node node) throws Unsupported {
    Cells from = value(node, 0);
    double[] axes = constant(node, 3).values();
    double[] starts = constant(node, 1).values();
    double[] ends = constant(node, 2).values();
    if (node.inputs().size() != 4
        || axes.length != 1
        || axes[0] != 1
        || starts.length != 1
        || ends.length != 1
        || from.shape.length != 1
        || from.type != Type.FLOAT32
        || starts[0] < 0
        || starts[0] > ends[0]
        || ends[0] > from.size) {
      throw new Unsupported("Slice of other than rows");
    }
    int first = (int) starts[0];
    Cells out = add(node.outputs().get(0), Type.FLOAT32, (int) ends[0] - first);
    plan(
        node,
        frame ->
            System.arraycopy(frame.floats[from.slot], first, frame.floats[out.slot], 0, out.size));
  }

  private void argMax(OnnxGraph.Node node) throws Unsupported {
    Cells from = value(node, 0);
    if (node.number("axis", 0) != 1
        || node.number("select_last_index", 0) != 0
        || from.shape.length != 1
        || from.type != Type.FLOAT32) {
      throw new Unsupported("ArgMax of other than rows");
    }
    boolean kept = node.number("keepdims", 1) != 0;
    Cells out = add(node.outputs().get(0), Type.INT64, kept ? new int[] {1} : new int[0]);
    plan(
        node,
        frame -> {
          int largest = Layers.indexOfLargest(frame.floats[from.slot]);
          if (largest < 0) {
            throw new GymException(
                Kind.INVALID_ARGUMENT,
                "there is nothing to choose: is there a NaN in the observations?");
          }
          frame.doubles[out.slot][0] = largest;
        });
  }

  private void concat(OnnxGraph.Node node) throws Unsupported {
    List<Cells> parts = new ArrayList<>();
    int size = 0;
    for (int i = 0; i < node.inputs().size(); i++) {
      Cells part = value(node, i);
      if (part.type != Type.INT64 || part.shape.length != 1 || part.constant != null) {
        throw new Unsupported("Concat of other than rows");
      }
      parts.add(part);
      size += part.size;
    }
    if (node.number("axis", 0) != 1) {
      throw new Unsupported("Concat of other than rows");
    }
    Cells out = add(node.outputs().get(0), Type.INT64, size);
    plan(
        node,
        frame -> {
          int at = 0;
          for (Cells part : parts) {
            copy(frame.doubles[part.slot], 0, frame.doubles[out.slot], at);
            at += part.size;
          }
        });
  }

  private static void copy(double[] from, int first, double[] to, int at) {
    System.arraycopy(from, first, to, at, from.length - first);
  }

  private static int product(int[] shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}
