package io.gymbridge.transport;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Text;
import io.gymbridge.proto.v1.BoxSpace;
import io.gymbridge.proto.v1.DiscreteSpace;
import io.gymbridge.proto.v1.MultiBinarySpace;
import io.gymbridge.proto.v1.MultiDiscreteSpace;
import io.gymbridge.proto.v1.TextSpace;
import java.util.Arrays;

/** The spaces that are not made of others, on the wire. Stateless. */
final class PlainSpaces {
  private PlainSpaces() {}

  static BoxSpace encode(Box box) {
    BoxSpace.Builder message =
        BoxSpace.newBuilder()
            .setDtype(DTypes.encode(box.dtype()))
            .addAllShape(Shapes.encode(box.shape()))
            .setLow(Bounds.encode(box.low()))
            .setHigh(Bounds.encode(box.high()));
    if (!box.dtype().isFloating()) {
      message.setUnboundedBelow(Bounds.encodeUnbounded(box.boundedBelow()));
      message.setUnboundedAbove(Bounds.encodeUnbounded(box.boundedAbove()));
    }
    return message.build();
  }

  static Box decode(BoxSpace message) {
    DType dtype = DTypes.decode(message.getDtype());
    int[] shape = Shapes.decode(message.getShapeList(), dtype, "Box space");
    NdArray low = Bounds.decode(message.getLow(), dtype, shape, "low");
    NdArray high = Bounds.decode(message.getHigh(), dtype, shape, "high");
    if (dtype.isFloating()
        || (message.getUnboundedBelow().isEmpty() && message.getUnboundedAbove().isEmpty())) {
      return new Box(low, high);
    }
    NdArray below = Bounds.decodeBounded(message.getUnboundedBelow(), shape, "unbounded_below");
    NdArray above = Bounds.decodeBounded(message.getUnboundedAbove(), shape, "unbounded_above");
    return new Box(
        Bounds.freed(low, below, dtype.least()),
        Bounds.freed(high, above, dtype.greatest()),
        below,
        above);
  }

  static DiscreteSpace encode(Discrete discrete) {
    return DiscreteSpace.newBuilder()
        .setN(discrete.n())
        .setStart(discrete.start())
        .setDtype(DTypes.encode(discrete.dtype()))
        .build();
  }

  static Discrete decode(DiscreteSpace message) {
    return new Discrete(
        message.getN(), message.getStart(), DTypes.decodeOrInt64(message.getDtype()));
  }

  static MultiDiscreteSpace encode(MultiDiscrete multi) {
    MultiDiscreteSpace.Builder message =
        MultiDiscreteSpace.newBuilder()
            .setDtype(DTypes.encode(multi.dtype()))
            .addAllShape(Shapes.encode(multi.shape()));
    for (long n : multi.nvec().toLongs()) {
      message.addNvec(n);
    }
    long[] starts = multi.start().toLongs();
    if (Arrays.stream(starts).anyMatch(start -> start != 0)) {
      for (long start : starts) {
        message.addStart(start);
      }
    }
    return message.build();
  }

  static MultiDiscrete decode(MultiDiscreteSpace message) {
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
        exactly(dtype, nvec, shape), exactly(dtype, starts == 0 ? new long[size] : start, shape));
  }

  private static NdArray exactly(DType dtype, long[] values, int[] shape) {
    NdArray array = NdArray.ofLongs(dtype, values, shape);
    if (!Arrays.equals(values, array.toLongs())) {
      throw Shapes.invalid(
          "MultiDiscrete space: %s do not fit into %s"
              .formatted(Arrays.toString(values), dtype.numpyName()));
    }
    return array;
  }

  static MultiBinarySpace encode(MultiBinary binary) {
    return MultiBinarySpace.newBuilder().addAllShape(Shapes.encode(binary.dimensions())).build();
  }

  static MultiBinary decode(MultiBinarySpace message) {
    return MultiBinary.of(Shapes.decode(message.getShapeList(), DType.INT8, "MultiBinary space"));
  }

  static TextSpace encode(Text text) {
    return TextSpace.newBuilder()
        .setMinLength(text.minLength())
        .setMaxLength(text.maxLength())
        .setCharset(text.charset())
        .build();
  }

  static Text decode(TextSpace message) {
    String charset = message.getCharset();
    if (charset.codePoints().distinct().count() < charset.codePoints().count()) {
      throw Shapes.invalid("Text space: a character is twice in \"" + charset + "\"");
    }
    return new Text(message.getMinLength(), message.getMaxLength(), charset);
  }
}
