package io.gymbridge.policies;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Looks through an ONNX model for what a policy has no business with: weights in other files,
 * operators outside the standard, loops, and graphs within graphs without end.
 *
 * <p>It walks the protobuf encoding itself, as far as these need it (field numbers of onnx.proto):
 * everything that can hold a node or a tensor is entered, everything else is stepped over.
 */
final class OnnxCheck {
  private static final int MAX_DEPTH = 16;

  /** What a length-delimited field holds. */
  private enum Message {
    MODEL,
    OPERATOR_SET,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR,
    SPARSE_TENSOR
  }

  private static final Map<Message, Map<Integer, Message>> CHILDREN =
      Map.of(
          Message.MODEL, Map.of(7, Message.GRAPH, 8, Message.OPERATOR_SET),
          Message.OPERATOR_SET, Map.of(),
          Message.GRAPH, Map.of(1, Message.NODE, 5, Message.TENSOR, 15, Message.SPARSE_TENSOR),
          Message.NODE, Map.of(5, Message.ATTRIBUTE),
          Message.ATTRIBUTE,
              Map.of(
                  5, Message.TENSOR,
                  6, Message.GRAPH,
                  10, Message.TENSOR,
                  11, Message.GRAPH,
                  22, Message.SPARSE_TENSOR,
                  23, Message.SPARSE_TENSOR),
          Message.TENSOR, Map.of(),
          Message.SPARSE_TENSOR, Map.of(1, Message.TENSOR, 2, Message.TENSOR));

  private OnnxCheck() {}

  /**
   * Passes a model without external data, functions, loops and operators of other domains.
   *
   * @throws GymException INVALID_ARGUMENT for any other, and for what is no protobuf message
   */
  static void check(byte[] onnx) {
    if (onnx.length == 0) {
      throw refused("it is empty");
    }
    try {
      walk(ByteBuffer.wrap(onnx).order(ByteOrder.LITTLE_ENDIAN), Message.MODEL, 0);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw refused("it is cut short or not an ONNX file");
    }
  }

  private static void walk(ByteBuffer bytes, Message message, int depth) {
    if (depth > MAX_DEPTH) {
      throw refused("graphs are nested too deep");
    }
    while (bytes.hasRemaining()) {
      long tag = varint(bytes);
      if (tag >>> 32 != 0) {
        // Other readers cut a tag to 32 bits, and would see another field than this one.
        throw refused("it is not an ONNX file");
      }
      int field = (int) (tag >>> 3);
      switch ((int) (tag & 7)) {
        case 0 -> {
          if (message == Message.TENSOR && field == 14 && varint(bytes) != 0) {
            throw refused("a tensor's data lies in another file");
          } else if (!(message == Message.TENSOR && field == 14)) {
            varint(bytes);
          }
        }
        case 1 -> skip(bytes, 8);
        case 5 -> skip(bytes, 4);
        case 2 -> {
          long length = varint(bytes);
          if (length < 0 || length > bytes.remaining()) {
            throw new BufferUnderflowException();
          }
          ByteBuffer content =
              bytes.slice(bytes.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
          skip(bytes, (int) length);
          enter(content, message, field, depth);
        }
        default -> throw refused("it is not an ONNX file");
      }
    }
  }

  private static void enter(ByteBuffer content, Message message, int field, int depth) {
    if (message == Message.TENSOR && field == 13) {
      throw refused("a tensor's data lies in another file");
    }
    if (message == Message.MODEL && field == 25) {
      throw refused("it defines functions of its own");
    }
    if (message == Message.NODE && field == 4 && text(content).equals("Loop")) {
      throw refused("it has a Loop, which might never end");
    }
    boolean domain =
        (message == Message.OPERATOR_SET && field == 1) || (message == Message.NODE && field == 7);
    if (domain) {
      String name = text(content);
      if (!name.isEmpty() && !name.equals("ai.onnx")) {
        throw refused("it uses operators of the domain \"" + name + "\", not only the standard's");
      }
      return;
    }
    Map<Integer, Message> children = java.util.Objects.requireNonNull(CHILDREN.get(message));
    Message child = children.get(field);
    if (child != null) {
      walk(content, child, depth + 1);
    }
  }

  private static String text(ByteBuffer content) {
    return StandardCharsets.UTF_8.decode(content).toString();
  }

  private static void skip(ByteBuffer bytes, int length) {
    bytes.position(bytes.position() + length);
  }

  /** The next number in protobuf's encoding. */
  static long varint(ByteBuffer bytes) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = bytes.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw refused("it is not an ONNX file");
  }

  private static GymException refused(String why) {
    return new GymException(Kind.INVALID_ARGUMENT, "the ONNX model is refused: " + why);
  }
}
