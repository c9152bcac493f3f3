package io.gymbridge.policies;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Memory for the inputs and outputs of one run of a graph, and the tensors over it, which are kept
 * from one run to the next. For one thread at a time.
 */
final class Runner implements AutoCloseable {
  private final GraphPlan plan;
  private final @Nullable SmallNetwork network;
  private final SmallNetwork.@Nullable Frame frame;
  private final int capacity;
  private final List<Memory> inputs = new ArrayList<>();
  private final EnumMap<Role, Memory> roles = new EnumMap<>(Role.class);
  private final List<Memory> states = new ArrayList<>();
  private final @Nullable Binding[] bindings;

  private int rows;

  /** The tensors of a batch size, or of a row where rows are run one by one. */
  private static final class Binding {
    final Map<String, OnnxTensor> inputs = new HashMap<>();
    final Map<String, OnnxTensor> outputs = new HashMap<>();

    /** By the bits of the roles that are wanted. */
    final @Nullable Map<String, OnnxTensor>[] wanted;

    @SuppressWarnings("unchecked") // Java has no arrays of generic types.
    Binding() {
      wanted = (Map<String, OnnxTensor>[]) new Map<?, ?>[Role.SETS];
    }
  }

  /**
   * Memory for batches of up to {@code capacity} rows.
   *
   * @param network the same graph, for small batches; null where ONNX Runtime computes all
   */
  Runner(GraphPlan plan, @Nullable SmallNetwork network, int capacity) {
    this.plan = plan;
    this.network = network;
    this.frame = network == null ? null : network.frame();
    this.capacity = capacity;
    plan.inputs().forEach(port -> inputs.add(memory(port)));
    plan.roles().forEach((role, port) -> roles.put(role, memory(port)));
    plan.stateOutputs().forEach(port -> states.add(memory(port)));
    bindings = new Binding[capacity + 1];
  }

  private Memory memory(Port port) {
    return new Memory(port, capacity, plan.single());
  }

  int capacity() {
    return capacity;
  }

  /** Begins a batch of so many rows, at most {@link #capacity}. */
  void begin(int size) {
    rows = size;
  }

  /** Puts a batch into the rows of an input from {@code first} on; null for zeros. */
  void put(int input, @Nullable NdArray batch, int count, int first) {
    inputs.get(input).put(batch, count, first, rows);
  }

  /** Sets one number of an input of one number a row. */
  void put(int input, int row, double value) {
    inputs.get(input).put(row, value);
  }

  /** Computes the outputs of these roles, and the states. */
  void run(int wanted) throws OrtException {
    if (network != null && frame != null && rows <= network.mostRows()) {
      network.run(frame, inputs.get(0), rows, roles, wanted);
    } else if (plan.single()) {
      for (int row = 0; row < rows; row++) {
        run(binding(row, row, 1), wanted);
      }
    } else {
      run(binding(rows, 0, rows), wanted);
    }
  }

  private void run(Binding binding, int wanted) throws OrtException {
    Map<String, OnnxTensor> outputs = binding.wanted[wanted];
    if (outputs == null) {
      outputs = new HashMap<>(binding.outputs);
      for (Map.Entry<Role, Memory> role : roles.entrySet()) {
        if ((wanted & role.getKey().bit()) == 0) {
          outputs.remove(role.getValue().port().name());
        }
      }
      binding.wanted[wanted] = outputs;
    }
    plan.session().run(binding.inputs, outputs).close();
  }

  private Binding binding(int key, int first, int count) throws OrtException {
    Binding binding = bindings[key];
    if (binding == null) {
      binding = new Binding();
      bindings[key] = binding;
      for (Memory memory : inputs) {
        bind(binding.inputs, memory, first, count);
      }
      for (Memory memory : roles.values()) {
        bind(binding.outputs, memory, first, count);
      }
      for (Memory memory : states) {
        bind(binding.outputs, memory, first, count);
      }
    }
    return binding;
  }

  private static void bind(Map<String, OnnxTensor> tensors, Memory memory, int first, int count)
      throws OrtException {
    tensors.put(memory.port().name(), memory.port().tensor(memory.bytes(), first, count));
  }

  /**
   * A number of the last run.
   *
   * @throws GymException INVALID_ARGUMENT for NaN
   */
  double get(Role role, int row, int component, int firstRow) {
    double value = memory(role).get(row, component, rows);
    if (Double.isNaN(value)) {
      throw nan(role.jsonName(), row - firstRow);
    }
    return value;
  }

  static GymException nan(String name, int row) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "\"%s\" of row %d is NaN: is there a NaN in the observations?".formatted(name, row));
  }

  /** The output of a role that the graph has. */
  Memory memory(Role role) {
    return java.util.Objects.requireNonNull(roles.get(role));
  }

  /** A state after the last run, for some of its rows; of these dimensions. */
  NdArray state(int index, int first, int count, int[] shape) {
    NdArray state = states.get(index).copy(first, count, rows, shape);
    int nan = state.firstNotFinite();
    if (nan >= 0) {
      throw nan(states.get(index).port().name(), nan / (state.size() / count));
    }
    return state;
  }

  int rows() {
    return rows;
  }

  @Override
  public void close() {
    for (Binding binding : bindings) {
      if (binding != null) {
        binding.inputs.values().forEach(OnnxTensor::close);
        binding.outputs.values().forEach(OnnxTensor::close);
      }
    }
  }
}
