package io.gymbridge.policies;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** ONNX models of a node or two, put together from protobuf's encoding by hand. */
final class TinyOnnx {
  static final int FLOAT = 1;
  static final int INT64 = 7;

  private TinyOnnx() {}

  /** Observations (N, 2); actions, and the Gaussian's mean, are twice these, log_std is 0. */
  static byte[] gaussian() {
    return model(
        join(
            node("Mul", "observations", "two", "mean"),
            node("Mul", "observations", "zero", "log_std"),
            node("Mul", "observations", "two", "actions"),
            scalar("two", 2),
            scalar("zero", 0),
            declared(11, "observations", FLOAT, 0, 2),
            declared(12, "actions", FLOAT, 0, 2),
            declared(12, "mean", FLOAT, 0, 2),
            declared(12, "log_std", FLOAT, 0, 2)));
  }

  /** Observations (N, 2) are the logits; the larger is the action. */
  static byte[] categorical() {
    return model(
        join(
            operator(
                "ArgMax",
                List.of("observations"),
                List.of("actions"),
                integer("axis", 1),
                integer("keepdims", 0)),
            node("Mul", "observations", "one", "logits"),
            scalar("one", 1),
            declared(11, "observations", FLOAT, 0, 2),
            declared(12, "actions", INT64, 0),
            declared(12, "logits", FLOAT, 0, 2)));
  }

  /** Observations (N, 2) are the actions: no distribution. */
  static byte[] deterministic() {
    return deterministic(2);
  }

  static byte[] deterministic(int size) {
    return model(
        join(
            node("Mul", "observations", "one", "actions"),
            scalar("one", 1),
            declared(11, "observations", FLOAT, 0, size),
            declared(12, "actions", FLOAT, 0, size)));
  }

  /** A network of tanh layers with random weights: a mean, a log_std, and a value. */
  static byte[] network(int inputs, int hidden, int outputs) {
    SplittableRandom random = new SplittableRandom(0);
    return model(
        join(
            operator("Gemm", List.of("observations", "w1", "b1"), List.of("g1")),
            operator("Tanh", List.of("g1"), List.of("h1")),
            operator("Gemm", List.of("h1", "w2", "b2"), List.of("g2")),
            operator("Tanh", List.of("g2"), List.of("h2")),
            operator("Gemm", List.of("h2", "w3", "b3"), List.of("actions")),
            operator("Identity", List.of("actions"), List.of("mean")),
            operator("Mul", List.of("actions", "zero"), List.of("log_std")),
            operator("Gemm", List.of("h2", "w4", "b4"), List.of("value")),
            tensor("w1", random, inputs, hidden),
            tensor("b1", random, hidden),
            tensor("w2", random, hidden, hidden),
            tensor("b2", random, hidden),
            tensor("w3", random, hidden, outputs),
            tensor("b3", random, outputs),
            tensor("w4", random, hidden, 1),
            tensor("b4", random, 1),
            scalar("zero", 0),
            declared(11, "observations", FLOAT, 0, inputs),
            declared(12, "actions", FLOAT, 0, outputs),
            declared(12, "mean", FLOAT, 0, outputs),
            declared(12, "log_std", FLOAT, 0, outputs),
            declared(12, "value", FLOAT, 0, 1)));
  }

  static byte[] model(byte[] graph) {
    byte[] opset = join(text(1, ""), number(2, 17));
    return join(number(1, 8), message(8, opset), message(7, join(text(2, "g"), graph)));
  }

  static byte[] node(String operator, String left, String right, String output) {
    return message(
        1,
        join(text(1, left), text(1, right), text(2, output), text(3, output), text(4, operator)));
  }

  static byte[] operator(
      String operator, List<String> inputs, List<String> outputs, byte[]... attributes) {
    byte[] node = text(4, operator);
    for (String input : inputs) {
      node = join(node, text(1, input));
    }
    for (String output : outputs) {
      node = join(node, text(2, output));
    }
    for (byte[] attribute : attributes) {
      node = join(node, message(5, attribute));
    }
    return message(1, node);
  }

  /** An attribute that is an integer. */
  static byte[] integer(String name, long value) {
    return join(text(1, name), number(3, value), number(20, 2));
  }

  /** A constant of random numbers. */
  static byte[] tensor(String name, SplittableRandom random, int... shape) {
    int size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    double scale = 1 / Math.sqrt(shape[0]);
    return tensor(name, random.doubles(size, -scale, scale).toArray(), shape);
  }

  static byte[] tensor(String name, double[] values, int... shape) {
    ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    byte[] dimensions = new byte[0];
    for (double value : values) {
      raw.putFloat((float) value);
    }
    for (int dimension : shape) {
      dimensions = join(dimensions, number(1, dimension));
    }
    return message(5, join(dimensions, number(2, FLOAT), text(8, name), message(9, raw.array())));
  }

  static byte[] scalar(String name, float value) {
    byte[] raw = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array();
    return message(5, join(number(2, FLOAT), text(8, name), message(9, raw)));
  }

  /** A constant of int64. */
  static byte[] longs(String name, long... values) {
    ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      raw.putLong(value);
    }
    return message(
        5,
        join(number(1, values.length), number(2, INT64), text(8, name), message(9, raw.array())));
  }

  /** An input (field 11) or output (12) of this shape, in which 0 stands for N. */
  static byte[] declared(int field, String name, int type, int... shape) {
    byte[] dimensions = new byte[0];
    for (int dimension : shape) {
      byte[] content = dimension == 0 ? text(2, "N") : number(1, dimension);
      dimensions = join(dimensions, message(1, content));
    }
    byte[] tensor = join(number(1, type), message(2, dimensions));
    return message(field, join(text(1, name), message(2, message(1, tensor))));
  }

  static byte[] text(int field, String text) {
    return message(field, text.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] message(int field, byte[] content) {
    return join(varint(((long) field << 3) | 2), varint(content.length), content);
  }

  static byte[] number(int field, long value) {
    return join(varint((long) field << 3), varint(value));
  }

  static byte[] varint(long value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long left = value;
    while ((left & ~0x7FL) != 0) {
      bytes.write((int) ((left & 0x7F) | 0x80));
      left >>>= 7;
    }
    bytes.write((int) left);
    return bytes.toByteArray();
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      bytes.writeBytes(part);
    }
    return bytes.toByteArray();
  }
}
