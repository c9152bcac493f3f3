package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.proto.v1.BoxSpace;
import io.gymbridge.proto.v1.DictSpace;
import io.gymbridge.proto.v1.DiscreteSpace;
import io.gymbridge.proto.v1.MultiBinarySpace;
import io.gymbridge.proto.v1.MultiDiscreteSpace;
import io.gymbridge.proto.v1.NamedSpace;
import io.gymbridge.proto.v1.TupleSpace;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Spaces on the wire. Stateless.
 *
 * <p>{@link Box} marks an integer component without a bound by its type's extreme value, so such a
 * box goes out as a bounded one; coming in, {@code unbounded_below} and {@code unbounded_above} are
 * turned into those extremes.
 */
public final class SpaceCodec {
  private SpaceCodec() {}

  /** The message for a space. */
  public static io.gymbridge.proto.v1.Space encode(Space space) {
    io.gymbridge.proto.v1.Space.Builder message = io.gymbridge.proto.v1.Space.newBuilder();
    if (space instanceof Box box) {
      message.setBox(
          BoxSpace.newBuilder()
              .setDtype(DTypes.encode(box.dtype()))
              .addAllShape(Shapes.encode(box.shape()))
              .setLow(Bounds.encode(box.low()))
              .setHigh(Bounds.encode(box.high())));
    } else if (space instanceof Discrete discrete) {
      message.setDiscrete(
          DiscreteSpace.newBuilder()
              .setN(discrete.n())
              .setStart(discrete.start())
              .setDtype(DTypes.encode(discrete.dtype())));
    } else if (space instanceof MultiDiscrete multi) {
      MultiDiscreteSpace.Builder builder =
          MultiDiscreteSpace.newBuilder()
              .setDtype(DTypes.encode(multi.dtype()))
              .addAllShape(Shapes.encode(multi.shape()));
      for (long n : multi.nvec().toLongs()) {
        builder.addNvec(n);
      }
      for (long start : multi.start().toLongs()) {
        builder.addStart(start);
      }
      message.setMultiDiscrete(builder);
    } else if (space instanceof MultiBinary binary) {
      MultiBinarySpace.Builder builder = MultiBinarySpace.newBuilder();
      binary.shape().forEach(builder::addShape);
      message.setMultiBinary(builder);
    } else if (space instanceof Tuple tuple) {
      TupleSpace.Builder builder = TupleSpace.newBuilder();
      tuple.spaces().forEach(part -> builder.addSpaces(encode(part)));
      message.setTuple(builder);
    } else if (space instanceof Dict dict) {
      DictSpace.Builder builder = DictSpace.newBuilder();
      dict.spaces()
          .forEach(
              (name, part) ->
                  builder.addSpaces(NamedSpace.newBuilder().setName(name).setSpace(encode(part))));
      message.setDict(builder);
    } else {
      throw new AssertionError("no encoding for " + space.getClass());
    }
    return message.build();
  }

  /**
   * The space that a message describes.
   *
   * @throws GymException INVALID_ARGUMENT for a message that breaks the rules of space.proto,
   *     UNIMPLEMENTED for a kind of space that Java does not have yet
   */
  public static Space decode(io.gymbridge.proto.v1.Space message) {
    try {
      return switch (message.getKindCase()) {
        case BOX -> box(message.getBox());
        case DISCRETE -> discrete(message.getDiscrete());
        case MULTI_DISCRETE -> multiDiscrete(message.getMultiDiscrete());
        case MULTI_BINARY -> multiBinary(message.getMultiBinary());
        case TUPLE ->
            new Tuple(message.getTuple().getSpacesList().stream().map(SpaceCodec::decode).toList());
        case DICT -> dict(message.getDict());
        case TEXT -> throw notYet("Text");
        case SEQUENCE -> throw notYet("Sequence");
        case GRAPH -> throw notYet("Graph");
        case ONE_OF -> throw notYet("OneOf");
        case KIND_NOT_SET -> throw Shapes.invalid("a space without a kind");
      };
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new GymException(Kind.INVALID_ARGUMENT, "space: " + e.getMessage(), null, e);
    }
  }

  private static Space box(BoxSpace message) {
    DType dtype = DTypes.decode(message.getDtype());
    int[] shape = Shapes.decode(message.getShapeList(), dtype, "Box space");
    return new Box(
        Bounds.decode(message.getLow(), message.getUnboundedBelow(), dtype, shape, "low"),
        Bounds.decode(message.getHigh(), message.getUnboundedAbove(), dtype, shape, "high"));
  }

  private static Space discrete(DiscreteSpace message) {
    Math.addExact(message.getStart(), message.getN() - 1);
    return new Discrete(
        message.getN(), message.getStart(), DTypes.decodeOrInt64(message.getDtype()));
  }

  private static Space multiDiscrete(MultiDiscreteSpace message) {
    DType dtype = DTypes.decodeOrInt64(message.getDtype());
    int[] shape = Shapes.decode(message.getShapeList(), dtype, "MultiDiscrete space");
    int size = Shapes.size(shape);
    int starts = message.getStartCount();
    if (message.getNvecCount() != size || (starts != 0 && starts != size)) {
      throw Shapes.invalid(
          "MultiDiscrete space: got %d nvec and %d start for %d components"
              .formatted(message.getNvecCount(), starts, size));
    }
    long[] nvec = message.getNvecList().stream().mapToLong(Long::longValue).toArray();
    long[] start = message.getStartList().stream().mapToLong(Long::longValue).toArray();
    return new MultiDiscrete(
        NdArray.ofLongs(dtype, nvec, shape),
        NdArray.ofLongs(dtype, starts == 0 ? new long[size] : start, shape));
  }

  private static Space multiBinary(MultiBinarySpace message) {
    return MultiBinary.of(Shapes.decode(message.getShapeList(), DType.INT8, "MultiBinary space"));
  }

  private static Space dict(DictSpace message) {
    Map<String, Space> parts = new LinkedHashMap<>();
    for (NamedSpace part : message.getSpacesList()) {
      if (parts.put(part.getName(), decode(part.getSpace())) != null) {
        throw Shapes.invalid("Dict space: two parts are called \"" + part.getName() + "\"");
      }
    }
    return new Dict(parts);
  }

  private static GymException notYet(String kind) {
    return new GymException(
        Kind.UNIMPLEMENTED,
        "the environment has a "
            + kind
            + " space, which gymbridge's Java side cannot represent yet: flatten or drop it with a"
            + " Gymnasium wrapper on the Python side");
  }

  static ByteString bytes(NdArray array) {
    return UnsafeByteOperations.unsafeWrap(array.data());
  }
}
