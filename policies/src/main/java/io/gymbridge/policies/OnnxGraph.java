package io.gymbridge.policies;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model's graph, as far as {@link SmallNetwork} computes it: read from protobuf's encoding (field
 * numbers of onnx.proto). Only models that {@link OnnxCheck} has passed are read.
 *
 * @param nodes in an order in which they can be computed
 * @param constants by name; null for those of an unusual type
 */
record OnnxGraph(List<Node> nodes, Map<String, @Nullable Constant> constants) {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final int DOUBLE = 11;

  /**
   * An operator.
   *
   * @param numbers attributes that are a number
   * @param others all other attributes: a constant, or null
   */
  record Node(
      String operator,
      List<String> inputs,
      List<String> outputs,
      Map<String, Double> numbers,
      Map<String, @Nullable Constant> others) {

    double number(String name, double otherwise) {
      return numbers.getOrDefault(name, otherwise);
    }
  }

  /**
   * A tensor of float32, float64 or int64.
   *
   * @param values as float64, which holds what policies have of all three
   */
  record Constant(SmallNetwork.Type type, int[] shape, double[] values) {}

  static OnnxGraph read(byte[] onnx) {
    OnnxGraph graph = new OnnxGraph(new ArrayList<>(), new HashMap<>());
    for (Field field : fields(ByteBuffer.wrap(onnx))) {
      if (field.number() == 7) {
        for (Field part : fields(field.bytes())) {
          switch (part.number()) {
            case 1 -> graph.nodes.add(node(part.bytes()));
            case 5 -> {
              Map.Entry<String, @Nullable Constant> constant = constant(part.bytes());
              graph.constants.put(constant.getKey(), constant.getValue());
            }
            default -> {}
          }
        }
      }
    }
    return graph;
  }

  private static Node node(ByteBuffer message) {
    Node node =
        new Node("", new ArrayList<>(), new ArrayList<>(), new HashMap<>(), new HashMap<>());
    String operator = "";
    for (Field field : fields(message)) {
      switch (field.number()) {
        case 1 -> node.inputs.add(field.text());
        case 2 -> node.outputs.add(field.text());
        case 4 -> operator = field.text();
        case 5 -> attribute(field.bytes(), node);
        default -> {}
      }
    }
    return new Node(operator, node.inputs, node.outputs, node.numbers, node.others);
  }

  private static void attribute(ByteBuffer message, Node node) {
    String name = "";
    Double found = null;
    Constant constant = null;
    for (Field field : fields(message)) {
      switch (field.number()) {
        case 1 -> name = field.text();
        case 2 -> found = (double) field.bytes().getFloat(0);
        case 3 -> found = (double) field.varint();
        case 5 -> constant = constant(field.bytes()).getValue();
        default -> {}
      }
    }
    if (found == null) {
      node.others.put(name, constant);
    } else {
      node.numbers.put(name, found);
    }
  }

  private static Map.Entry<String, @Nullable Constant> constant(ByteBuffer message) {
    String name = "";
    long dtype = 0;
    ByteBuffer raw = null;
    List<Integer> shape = new ArrayList<>();
    for (Field field : fields(message)) {
      switch (field.number()) {
        case 1 -> {
          if (field.isBytes()) {
            ByteBuffer packed = field.bytes();
            while (packed.hasRemaining()) {
              shape.add(Math.toIntExact(OnnxCheck.varint(packed)));
            }
          } else {
            shape.add(Math.toIntExact(field.varint()));
          }
        }
        case 2 -> dtype = field.varint();
        case 8 -> name = field.text();
        case 9 -> raw = field.bytes();
        default -> {}
      }
    }
    int[] sizes = shape.stream().mapToInt(Integer::intValue).toArray();
    return new AbstractMap.SimpleImmutableEntry<>(
        name, raw == null ? null : constant(dtype, sizes, raw));
  }

  private static @Nullable Constant constant(long dtype, int[] shape, ByteBuffer raw) {
    int width = dtype == FLOAT ? 4 : 8;
    double[] values = new double[raw.remaining() / width];
    if (Arrays.stream(shape).reduce(1, Math::multiplyExact) != values.length) {
      return null;
    }
    for (int i = 0; i < values.length; i++) {
      int at = raw.position() + i * width;
      values[i] =
          dtype == FLOAT ? raw.getFloat(at) : dtype == DOUBLE ? raw.getDouble(at) : raw.getLong(at);
    }
    if (dtype == FLOAT) {
      return new Constant(SmallNetwork.Type.FLOAT32, shape, values);
    }
    if (dtype == DOUBLE || dtype == INT64) {
      return new Constant(
          dtype == DOUBLE ? SmallNetwork.Type.FLOAT64 : SmallNetwork.Type.INT64, shape, values);
    }
    return null;
  }

  /** A field of a message: a varint, or bytes. */
  private record Field(int number, long varint, ByteBuffer bytes, boolean isBytes) {
    String text() {
      return StandardCharsets.UTF_8.decode(bytes.slice()).toString();
    }
  }

  private static List<Field> fields(ByteBuffer message) {
    ByteBuffer bytes = message.slice().order(ByteOrder.LITTLE_ENDIAN);
    List<Field> fields = new ArrayList<>();
    while (bytes.hasRemaining()) {
      long tag = OnnxCheck.varint(bytes);
      int wire = (int) (tag & 7);
      long value = wire == 0 || wire == 2 ? OnnxCheck.varint(bytes) : wire == 1 ? 8 : 4;
      int length = wire == 0 ? 0 : Math.toIntExact(value);
      if (length > bytes.remaining()) {
        throw new BufferUnderflowException();
      }
      ByteBuffer content = bytes.slice(bytes.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.position(bytes.position() + length);
      fields.add(new Field((int) (tag >>> 3), value, content, wire == 2));
    }
    return fields;
  }
}
