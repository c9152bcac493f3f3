package io.gymbridge.policies;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * How a graph's inputs and outputs serve a policy for given spaces, checked against the graph: by
 * what it declares of its inputs, and by what comes out when it is run.
 */
final class GraphPlan {
  private final OrtSession session;
  private final Map<String, NodeInfo> declared;
  private final Space observationSpace;
  private final Signature signature;
  private final List<Leaf> leaves;
  private final List<Port> inputs = new ArrayList<>();
  private final Map<Role, Port> roles = new EnumMap<>(Role.class);
  private final List<Port> stateOutputs = new ArrayList<>();
  private boolean single;

  /**
   * Checks that the graph is as the signature says.
   *
   * @param given null where everything has its own name
   * @throws GymException INVALID_ARGUMENT if it is not, with what it has
   */
  GraphPlan(
      OrtSession session, @Nullable Signature given, Space observationSpace, Space actionSpace)
      throws OrtException {
    this.session = session;
    this.declared = session.getInputInfo();
    this.observationSpace = observationSpace;
    this.leaves = Leaf.of(observationSpace);
    this.signature =
        given == null ? Signature.byName(observationSpace, session.getOutputNames()) : given;
    Set<String> unknown = new LinkedHashSet<>(declared.keySet());
    for (Leaf leaf : leaves) {
      String name = signature.inputs().get(leaf.path());
      if (name == null) {
        throw refused("no input is named for %s of the observations".formatted(leaf));
      }
      inputs.add(observationPort(name, leaf));
      unknown.remove(name);
    }
    for (Signature.State state : signature.states()) {
      inputs.add(statePort(state));
      unknown.remove(state.input());
    }
    if (signature.episodeStarts() != null) {
      inputs.add(startsPort(signature.episodeStarts()));
      unknown.remove(signature.episodeStarts());
    }
    if (!unknown.isEmpty()) {
      throw refused("it wants %s too, which the signature does not name".formatted(unknown));
    }
    checkOutputNames();
    probe(actionSpace);
    checkRoles(actionSpace);
  }

  private static GymException refused(String why) {
    return new GymException(Kind.INVALID_ARGUMENT, "the graph does not fit: " + why);
  }

  private TensorInfo declared(String name, String purpose) {
    NodeInfo node = declared.get(name);
    if (node == null || !(node.getInfo() instanceof TensorInfo tensor)) {
      throw refused(
          "it has the inputs %s, expected \"%s\" for %s".formatted(inputList(), name, purpose));
    }
    if (Port.dtype(tensor.type) == null) {
      throw refused("its input \"%s\" is of type %s".formatted(name, tensor.type));
    }
    return tensor;
  }

  private List<String> inputList() {
    return describe(declared.values());
  }

  /** Names, types and shapes, for people. */
  static List<String> describe(Iterable<NodeInfo> nodes) {
    List<String> texts = new ArrayList<>();
    for (NodeInfo node : nodes) {
      String info =
          node.getInfo() instanceof TensorInfo tensor
              ? tensor.type.name().toLowerCase(java.util.Locale.ROOT) + describe(tensor.getShape())
              : node.getInfo().toString();
      texts.add("\"%s\" %s".formatted(node.getName(), info));
    }
    return texts;
  }

  private static String describe(long[] shape) {
    return Arrays.toString(shape).replace("-1", "?");
  }

  private static DType dtype(TensorInfo tensor) {
    return java.util.Objects.requireNonNull(Port.dtype(tensor.type));
  }

  private Port observationPort(String name, Leaf leaf) {
    TensorInfo tensor = declared(name, leaf.toString());
    int[] row = row(tensor.getShape(), leaf.shape());
    DType to = dtype(tensor);
    if (row == null || !converts(leaf.dtype(), to)) {
      throw refused(
          "its input \"%s\" is %s%s, expected (N, …) for a batch from %s, that is of %s"
              .formatted(
                  name, to.numpyName(), describe(tensor.getShape()), observationSpace, leaf));
    }
    noteBatch(name, tensor.getShape()[0]);
    return new Port(name, to, row, 0);
  }

  private static boolean converts(DType from, DType to) {
    return from == to || to.isFloating() || (!from.isFloating() && to.bytes() >= 4);
  }

  /** The dimensions after the first that hold what {@code wanted} does; null if there are none. */
  private static int @Nullable [] row(long[] dimensions, int[] wanted) {
    if (dimensions.length == 0) {
      return null;
    }
    long[] rest = Arrays.copyOfRange(dimensions, 1, dimensions.length);
    boolean same = rest.length == wanted.length;
    for (int i = 0; same && i < rest.length; i++) {
      same = rest[i] == wanted[i] || rest[i] < 0;
    }
    if (same) {
      return wanted;
    }
    boolean fixed = LongStream.of(rest).allMatch(size -> size >= 0 && size <= Integer.MAX_VALUE);
    long size = Arrays.stream(wanted).asLongStream().reduce(1, Math::multiplyExact);
    return fixed && LongStream.of(rest).reduce(1, Math::multiplyExact) == size
        ? Arrays.stream(rest).mapToInt(Math::toIntExact).toArray()
        : null;
  }

  private Port statePort(Signature.State state) {
    TensorInfo tensor = declared(state.input(), "a recurrent state");
    long[] dimensions = tensor.getShape();
    int axis = state.batchAxis();
    boolean fits = dimensions.length > axis && dtype(tensor) == DType.FLOAT32;
    int[] row = new int[Math.max(dimensions.length - 1, 0)];
    for (int i = 0; fits && i < row.length; i++) {
      long size = dimensions[i < axis ? i : i + 1];
      fits = size >= 0 && size <= Integer.MAX_VALUE;
      row[i] = (int) size;
    }
    if (!fits) {
      throw refused(
          "its state \"%s\" is %s%s, expected float32 with N at axis %d and all other dimensions fixed"
              .formatted(state.input(), dtype(tensor).numpyName(), describe(dimensions), axis));
    }
    noteBatch(state.input(), dimensions[axis]);
    return new Port(state.input(), DType.FLOAT32, row, axis);
  }

  private Port startsPort(String name) {
    TensorInfo tensor = declared(name, "the starts of episodes");
    int[] row = row(tensor.getShape(), new int[0]);
    if (row == null) {
      throw refused(
          "its input \"%s\" has the shape %s, expected (N) for the starts of episodes"
              .formatted(name, describe(tensor.getShape())));
    }
    noteBatch(name, tensor.getShape()[0]);
    return new Port(name, dtype(tensor), row, 0);
  }

  private void noteBatch(String name, long size) {
    if (size >= 0 && size != 1) {
      throw refused(
          "its input \"%s\" takes batches of %d only: export it with a dynamic batch axis, or for batches of 1"
              .formatted(name, size));
    }
    single |= size == 1;
  }

  private void checkOutputNames() throws OrtException {
    Map<String, NodeInfo> outputs = session.getOutputInfo();
    Set<String> missing = new LinkedHashSet<>(signature.outputs().values());
    signature.states().forEach(state -> missing.add(state.output()));
    missing.removeAll(outputs.keySet());
    if (!missing.isEmpty()) {
      throw refused("it has no outputs %s, but %s".formatted(missing, describe(outputs.values())));
    }
    if (!signature.outputs().containsKey(Role.ACTIONS)
        && !signature.outputs().containsKey(Role.MEAN)
        && !signature.outputs().containsKey(Role.LOGITS)
        && !signature.outputs().containsKey(Role.Q_VALUES)) {
      throw refused(
          "it has the outputs %s, expected \"actions\", or \"mean\", \"logits\" or \"q_values\", or a signature that says which is which"
              .formatted(describe(outputs.values())));
    }
  }

  /** Runs the graph on a batch of one and one of two, to see what comes out. */
  private void probe(Space actionSpace) throws OrtException {
    Value member = observationSpace.sample(new SplittableRandom(0));
    List<TensorInfo> one = run(observationSpace.stack(List.of(member)), 1);
    List<TensorInfo> two =
        single ? List.of() : run(observationSpace.stack(List.of(member, member)), 2);
    List<String> names = outputNames();
    for (int i = 0; i < names.size(); i++) {
      boolean state = i >= signature.outputs().size();
      int axis = state ? signature.states().get(i - signature.outputs().size()).batchAxis() : 0;
      Port port = outputPort(names.get(i), axis, one.get(i), single ? null : two.get(i));
      if (state) {
        stateOutputs.add(port);
      }
    }
    int index = 0;
    for (Role role : sortedRoles()) {
      String name = names.get(index);
      Port port = outputPort(name, 0, one.get(index), single ? null : two.get(index));
      int expected = expectedSize(role, actionSpace);
      if (port.size() != expected || (port.shared() && !single && role != Role.LOG_STD)) {
        throw refused(
            "its output \"%s\" has the shape %s for one observation, expected (N, …) with %d numbers each: %s for %s%s"
                .formatted(
                    name,
                    describe(one.get(index).getShape()),
                    expected,
                    role.jsonName(),
                    actionSpace,
                    role == Role.ACTIONS && port.size() == actionSpace.flatSize()
                        ? "; if it has a number for each choice, its role is logits or q_values"
                        : ""));
      }
      roles.put(role, port);
      index++;
    }
  }

  private List<Role> sortedRoles() {
    return signature.outputs().keySet().stream().sorted().toList();
  }

  /** Roles' outputs in the order of roles, then the states'. */
  private List<String> outputNames() {
    List<String> names = new ArrayList<>();
    for (Role role : sortedRoles()) {
      names.add(java.util.Objects.requireNonNull(signature.outputs().get(role)));
    }
    signature.states().forEach(state -> names.add(state.output()));
    return names;
  }

  private List<TensorInfo> run(Value observations, int rows) throws OrtException {
    Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
    try {
      for (int i = 0; i < inputs.size(); i++) {
        Memory memory = new Memory(inputs.get(i), rows, single);
        memory.put(i < leaves.size() ? leaves.get(i).in(observations) : null, rows, 0, rows);
        tensors.put(memory.port().name(), memory.port().tensor(memory.bytes(), 0, rows));
      }
      List<TensorInfo> infos = new ArrayList<>();
      try (OrtSession.Result result = session.run(tensors, Set.copyOf(outputNames()))) {
        for (String name : outputNames()) {
          if (!(result.get(name).orElseThrow().getInfo() instanceof TensorInfo tensor)
              || Port.dtype(tensor.type) == null) {
            throw refused("its output \"%s\" is no array of numbers".formatted(name));
          }
          infos.add(tensor);
        }
      }
      return infos;
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private Port outputPort(String name, int axis, TensorInfo one, @Nullable TensorInfo two) {
    long[] shape = one.getShape();
    if (two != null && Arrays.equals(shape, two.getShape())) {
      return new Port(name, dtype(one), ints(shape), Port.SHARED);
    }
    boolean batched = shape.length > axis && shape[axis] == 1;
    if (batched && two != null) {
      long[] expected = shape.clone();
      expected[axis] = 2;
      batched = Arrays.equals(expected, two.getShape());
    }
    if (!batched && two == null) {
      // One row at a time: whatever there is belongs to it.
      return new Port(name, dtype(one), ints(shape), Port.SHARED);
    }
    if (!batched) {
      throw refused(
          "its output \"%s\" has the shape %s for one observation and %s for two, expected N at axis %d"
              .formatted(
                  name, describe(shape), two == null ? "?" : describe(two.getShape()), axis));
    }
    int[] row = new int[shape.length - 1];
    for (int i = 0; i < row.length; i++) {
      row[i] = Math.toIntExact(shape[i < axis ? i : i + 1]);
    }
    return new Port(name, dtype(one), row, axis);
  }

  private static int[] ints(long[] shape) {
    return Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
  }

  private static int expectedSize(Role role, Space actionSpace) {
    return switch (role) {
      case ACTIONS -> Arrays.stream(Leaf.of(actionSpace).get(0).shape()).reduce(1, (a, b) -> a * b);
      case VALUE -> 1;
      case MEAN, LOG_STD, LOGITS, Q_VALUES -> actionSpace.flatSize();
    };
  }

  private void checkRoles(Space actionSpace) {
    boolean box = actionSpace instanceof Box;
    if (signature.rescale() && !(box && ((Box) actionSpace).dtype().isFloating())) {
      throw refused("actions are rescaled to a Box of floating numbers, not to " + actionSpace);
    }
    boolean gaussian = roles.containsKey(Role.MEAN) || roles.containsKey(Role.LOG_STD);
    boolean categorical = roles.containsKey(Role.LOGITS) || roles.containsKey(Role.Q_VALUES);
    if ((gaussian && !box) || (categorical && !CategoricalHead.suits(actionSpace))) {
      throw refused("%s are no parameters for %s".formatted(signature.outputs(), actionSpace));
    }
    if (roles.containsKey(Role.LOG_STD) && !roles.containsKey(Role.MEAN)) {
      throw refused("it has log_std and no mean");
    }
    if (roles.containsKey(Role.LOGITS) && roles.containsKey(Role.Q_VALUES)) {
      throw refused("it has logits and q_values: which of them decides?");
    }
    for (int i = 0; i < stateOutputs.size(); i++) {
      Port in = inputs.get(leaves.size() + i);
      Port out = stateOutputs.get(i);
      if (out.dtype() != in.dtype() || out.size() != in.size()) {
        throw refused(
            "its state goes in as \"%s\" %s and comes out as \"%s\" %s"
                .formatted(
                    in.name(), Arrays.toString(in.row()), out.name(), Arrays.toString(out.row())));
      }
    }
  }

  OrtSession session() {
    return session;
  }

  Signature signature() {
    return signature;
  }

  List<Leaf> leaves() {
    return leaves;
  }

  /** Of the observations' arrays, then of the states, then of the starts of episodes. */
  List<Port> inputs() {
    return Collections.unmodifiableList(inputs);
  }

  Map<Role, Port> roles() {
    return Collections.unmodifiableMap(roles);
  }

  List<Port> stateOutputs() {
    return Collections.unmodifiableList(stateOutputs);
  }

  /** Whether the graph takes one row at a time only. */
  boolean single() {
    return single;
  }

  /** Of the recurrent state; null for a graph without. */
  @Nullable Dict stateSpace() {
    if (stateOutputs.isEmpty()) {
      return null;
    }
    Map<String, Space> parts = new LinkedHashMap<>();
    for (int i = 0; i < stateOutputs.size(); i++) {
      Port port = inputs.get(leaves.size() + i);
      double infinity = Double.POSITIVE_INFINITY;
      parts.put(port.name(), Box.of(DType.FLOAT32, -infinity, infinity, port.row()));
    }
    return new Dict(parts);
  }

  /** What an empty batch of actions is. */
  static NdArray none(Space actionSpace) {
    return actionSpace.emptyBatch().array();
  }
}
