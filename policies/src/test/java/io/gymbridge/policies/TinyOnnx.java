package io.gymbridge.policies;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

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
            declared(11, "observations", FLOAT, 2),
            declared(12, "actions", FLOAT, 2),
            declared(12, "mean", FLOAT, 2),
            declared(12, "log_std", FLOAT, 2)));
  }

  /** Observations (N, 2) are the logits; the larger is the action. */
  static byte[] categorical() {
    byte[] axis = join(text(1, "axis"), number(3, 1), number(20, 2));
    byte[] keep = join(text(1, "keepdims"), number(3, 0), number(20, 2));
    byte[] choose =
        join(
            text(1, "observations"),
            text(2, "actions"),
            text(4, "ArgMax"),
            message(5, axis),
            message(5, keep));
    return model(
        join(
            message(1, choose),
            node("Mul", "observations", "one", "logits"),
            scalar("one", 1),
            declared(11, "observations", FLOAT, 2),
            declared(12, "actions", INT64),
            declared(12, "logits", FLOAT, 2)));
  }

  /** Observations (N, 2) are the actions: no distribution. */
  static byte[] deterministic() {
    return model(
        join(
            node("Mul", "observations", "one", "actions"),
            scalar("one", 1),
            declared(11, "observations", FLOAT, 2),
            declared(12, "actions", FLOAT, 2)));
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

  private static byte[] scalar(String name, float value) {
    byte[] raw = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array();
    return message(5, join(number(2, FLOAT), text(8, name), message(9, raw)));
  }

  private static byte[] declared(int field, String name, int type, int... shape) {
    byte[] dimensions = message(1, text(2, "N"));
    for (int dimension : shape) {
      dimensions = join(dimensions, message(1, number(1, dimension)));
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
