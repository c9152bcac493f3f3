package io.gymbridge.transport;

import io.gymbridge.core.Box;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Graph;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.Space;
import io.gymbridge.core.Text;
import io.gymbridge.core.Tuple;
import io.gymbridge.proto.v1.DictSpace;
import io.gymbridge.proto.v1.GraphSpace;
import io.gymbridge.proto.v1.NamedSpace;
import io.gymbridge.proto.v1.OneOfSpace;
import io.gymbridge.proto.v1.SequenceSpace;
import io.gymbridge.proto.v1.TupleSpace;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Spaces on the wire: those made of others here, the others in {@link PlainSpaces}. Stateless. */
public final class SpaceCodec {
  /** Deepest nesting: protobuf's parsers take 100 messages, and a Dict takes three for a level. */
  private static final int MAX_DEPTH = 32;

  private SpaceCodec() {}

  /**
   * The message for a space.
   *
   * @throws GymException INVALID_ARGUMENT where spaces nest more than 32 levels deep
   */
  public static io.gymbridge.proto.v1.Space encode(Space space) {
    return encode(space, 0);
  }

  private static io.gymbridge.proto.v1.Space encode(Space space, int depth) {
    checkDepth(depth);
    int deeper = depth + 1;
    io.gymbridge.proto.v1.Space.Builder message = io.gymbridge.proto.v1.Space.newBuilder();
    if (space instanceof Box box) {
      message.setBox(PlainSpaces.encode(box));
    } else if (space instanceof Discrete discrete) {
      message.setDiscrete(PlainSpaces.encode(discrete));
    } else if (space instanceof MultiDiscrete multi) {
      message.setMultiDiscrete(PlainSpaces.encode(multi));
    } else if (space instanceof MultiBinary binary) {
      message.setMultiBinary(PlainSpaces.encode(binary));
    } else if (space instanceof Text text) {
      message.setText(PlainSpaces.encode(text));
    } else if (space instanceof Tuple tuple) {
      message.setTuple(TupleSpace.newBuilder().addAllSpaces(encode(tuple.spaces(), deeper)));
    } else if (space instanceof Dict dict) {
      DictSpace.Builder parts = DictSpace.newBuilder();
      dict.spaces()
          .forEach(
              (name, part) ->
                  parts.addSpaces(
                      NamedSpace.newBuilder().setName(name).setSpace(encode(part, deeper))));
      message.setDict(parts);
    } else if (space instanceof Sequence sequence) {
      message.setSequence(
          SequenceSpace.newBuilder()
              .setElement(encode(sequence.element(), deeper))
              .setStacked(sequence.stacked()));
    } else if (space instanceof Graph graph) {
      GraphSpace.Builder parts = GraphSpace.newBuilder().setNode(encode(graph.node(), deeper));
      if (graph.edge() != null) {
        parts.setEdge(encode(graph.edge(), deeper));
      }
      message.setGraph(parts);
    } else if (space instanceof OneOf oneOf) {
      message.setOneOf(OneOfSpace.newBuilder().addAllSpaces(encode(oneOf.spaces(), deeper)));
    } else {
      throw new AssertionError("no encoding for " + space.getClass());
    }
    return message.build();
  }

  private static List<io.gymbridge.proto.v1.Space> encode(List<Space> spaces, int depth) {
    return spaces.stream().map(space -> encode(space, depth)).toList();
  }

  private static void checkDepth(int depth) {
    if (depth > MAX_DEPTH) {
      throw Shapes.invalid("a space nests more than %d levels deep".formatted(MAX_DEPTH));
    }
  }

  /**
   * The space that a message describes.
   *
   * @throws GymException INVALID_ARGUMENT for a message that breaks the rules of space.proto
   */
  public static Space decode(io.gymbridge.proto.v1.Space message) {
    try {
      return decode(message, 0);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new GymException(Kind.INVALID_ARGUMENT, "space: " + e.getMessage(), null, e);
    }
  }

  private static Space decode(io.gymbridge.proto.v1.Space message, int depth) {
    checkDepth(depth);
    int deeper = depth + 1;
    return switch (message.getKindCase()) {
      case BOX -> PlainSpaces.decode(message.getBox());
      case DISCRETE -> PlainSpaces.decode(message.getDiscrete());
      case MULTI_DISCRETE -> PlainSpaces.decode(message.getMultiDiscrete());
      case MULTI_BINARY -> PlainSpaces.decode(message.getMultiBinary());
      case TEXT -> PlainSpaces.decode(message.getText());
      case TUPLE -> new Tuple(decode(message.getTuple().getSpacesList(), deeper));
      case DICT -> dict(message.getDict(), deeper);
      case SEQUENCE ->
          new Sequence(
              decode(message.getSequence().getElement(), deeper),
              message.getSequence().getStacked());
      case GRAPH -> graph(message.getGraph(), deeper);
      case ONE_OF -> new OneOf(decode(message.getOneOf().getSpacesList(), deeper));
      case KIND_NOT_SET -> throw Shapes.invalid("a space without a kind");
    };
  }

  private static List<Space> decode(List<io.gymbridge.proto.v1.Space> messages, int depth) {
    return messages.stream().map(message -> decode(message, depth)).toList();
  }

  private static Space dict(DictSpace message, int depth) {
    Map<String, Space> parts = new LinkedHashMap<>();
    for (NamedSpace part : message.getSpacesList()) {
      if (parts.put(part.getName(), decode(part.getSpace(), depth)) != null) {
        throw Shapes.invalid("Dict space: two parts are called \"" + part.getName() + "\"");
      }
    }
    return new Dict(parts);
  }

  private static Space graph(GraphSpace message, int depth) {
    Space edge = message.hasEdge() ? decode(message.getEdge(), depth) : null;
    return new Graph(decode(message.getNode(), depth), edge);
  }
}
