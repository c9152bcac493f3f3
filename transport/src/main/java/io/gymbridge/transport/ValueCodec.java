package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.Buffers;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Batches of values on the wire: one buffer per leaf, in the space's pre-order. Nothing is copied:
 * the values that come out are views of the message, and what goes in must not change, which {@link
 * NdArray} promises.
 *
 * <p>Made once for a space, then used for every batch. Immutable.
 */
public final class ValueCodec {

  /** An array of the space's tree, in pre-order. */
  private record Leaf(String path, DType dtype, int[] shape, int rowBytes) {}

  private final Space space;
  private final List<Leaf> leaves = new ArrayList<>();

  /** A codec for batches of members of {@code space}. */
  public ValueCodec(Space space) {
    this.space = space;
    collect(space, "");
  }

  private void collect(Space part, String path) {
    if (part instanceof Box box) {
      leaf(path, box.dtype(), box.shape());
    } else if (part instanceof Discrete discrete) {
      leaf(path, discrete.dtype(), new int[0]);
    } else if (part instanceof MultiDiscrete multi) {
      leaf(path, multi.dtype(), multi.shape());
    } else if (part instanceof MultiBinary binary) {
      leaf(path, DType.INT8, binary.shape().stream().mapToInt(Integer::intValue).toArray());
    } else if (part instanceof Tuple tuple) {
      for (int i = 0; i < tuple.spaces().size(); i++) {
        collect(tuple.spaces().get(i), path + "[" + i + "]");
      }
    } else if (part instanceof Dict dict) {
      dict.spaces().forEach((name, inner) -> collect(inner, path + "[\"" + name + "\"]"));
    } else {
      throw new AssertionError("no encoding for " + part.getClass());
    }
  }

  private void leaf(String path, DType dtype, int[] shape) {
    leaves.add(new Leaf(path, dtype, shape, Shapes.size(shape) * dtype.bytes()));
  }

  /**
   * The buffers of a batch of {@code n}.
   *
   * @param what names the batch in an error: "actions", "observations"
   * @throws GymException INVALID_ARGUMENT where an array's type or shape is not the space's
   */
  public Buffers encode(Value batch, int n, String what) {
    Buffers.Builder buffers = Buffers.newBuilder();
    for (NdArray array : arrays(batch, n, what)) {
      buffers.addBuffers(UnsafeByteOperations.unsafeWrap(array.data()));
    }
    return buffers.build();
  }

  /**
   * The buffers of {@code count} rows of a batch of {@code n}, from row {@code first} on.
   *
   * @throws GymException as {@link #encode(Value, int, String)}
   */
  public Buffers encode(Value batch, int n, int first, int count, String what) {
    Buffers.Builder buffers = Buffers.newBuilder();
    List<NdArray> arrays = arrays(batch, n, what);
    for (int i = 0; i < arrays.size(); i++) {
      int rowBytes = leaves.get(i).rowBytes();
      ByteBuffer rows = arrays.get(i).data().slice(first * rowBytes, count * rowBytes);
      buffers.addBuffers(UnsafeByteOperations.unsafeWrap(rows));
    }
    return buffers.build();
  }

  /**
   * Refuses a batch whose arrays do not have the space's types and shapes; their elements are not
   * looked at.
   *
   * @throws GymException as {@link #encode(Value, int, String)}
   */
  public void check(Value batch, int n, String what) {
    arrays(batch, n, what);
  }

  /** The arrays of a batch in pre-order, each checked. */
  private List<NdArray> arrays(Value batch, int n, String what) {
    List<NdArray> arrays = new ArrayList<>(leaves.size());
    flatten(space, batch, arrays, what);
    for (int i = 0; i < arrays.size(); i++) {
      NdArray array = arrays.get(i);
      Leaf leaf = leaves.get(i);
      int[] expected = Shapes.batch(n, leaf.shape());
      if (array.dtype() != leaf.dtype() || !Arrays.equals(array.shape(), expected)) {
        throw Shapes.invalid(
            "%s%s: got %s%s, expected %s%s, a batch of %d of %s"
                .formatted(
                    what,
                    leaf.path(),
                    array.dtype().numpyName(),
                    Arrays.toString(array.shape()),
                    leaf.dtype().numpyName(),
                    Arrays.toString(expected),
                    n,
                    space));
      }
    }
    return arrays;
  }

  private static void flatten(Space space, Value value, List<NdArray> arrays, String what) {
    if (space instanceof Tuple tuple) {
      if (!(value instanceof TupleValue parts) || parts.parts().size() != tuple.spaces().size()) {
        throw Shapes.invalid(
            what + ": expected a tuple of " + tuple.spaces().size() + " parts, got " + value);
      }
      for (int i = 0; i < tuple.spaces().size(); i++) {
        flatten(tuple.spaces().get(i), parts.parts().get(i), arrays, what);
      }
    } else if (space instanceof Dict dict) {
      if (!(value instanceof DictValue parts)
          || !parts.parts().keySet().equals(dict.spaces().keySet())) {
        throw Shapes.invalid(
            what + ": expected a dict of " + dict.spaces().keySet() + ", got " + value);
      }
      dict.spaces().forEach((name, part) -> flatten(part, parts.part(name), arrays, what));
    } else if (value instanceof NdArray array) {
      arrays.add(array);
    } else {
      throw Shapes.invalid(what + ": got a composite value, expected an array of " + space);
    }
  }

  /**
   * The batch of {@code n} values that buffers hold.
   *
   * @param what names the batch in an error: "actions", "observations"
   * @throws GymException INVALID_ARGUMENT where the number of buffers or a buffer's length is not
   *     exactly what the space and {@code n} make it
   */
  public Value decode(Buffers buffers, int n, String what) {
    if (buffers.getBuffersCount() != leaves.size()) {
      throw Shapes.invalid(
          "%s: got %d buffers, expected %d for %s"
              .formatted(what, buffers.getBuffersCount(), leaves.size(), space));
    }
    List<NdArray> arrays = new ArrayList<>(leaves.size());
    for (int i = 0; i < leaves.size(); i++) {
      Leaf leaf = leaves.get(i);
      ByteString bytes = buffers.getBuffers(i);
      if (bytes.size() != (long) n * leaf.rowBytes()) {
        throw Shapes.invalid(
            "%s%s: got %d bytes, expected %d, %d times %s%s"
                .formatted(
                    what,
                    leaf.path(),
                    bytes.size(),
                    (long) n * leaf.rowBytes(),
                    n,
                    leaf.dtype().numpyName(),
                    Arrays.toString(leaf.shape())));
      }
      arrays.add(
          NdArray.wrap(leaf.dtype(), bytes.asReadOnlyByteBuffer(), Shapes.batch(n, leaf.shape())));
    }
    return assemble(space, arrays.iterator());
  }

  private static Value assemble(Space space, java.util.Iterator<NdArray> arrays) {
    if (space instanceof Tuple tuple) {
      return new TupleValue(tuple.spaces().stream().map(part -> assemble(part, arrays)).toList());
    }
    if (space instanceof Dict dict) {
      Map<String, Value> parts = new LinkedHashMap<>();
      dict.spaces().forEach((name, part) -> parts.put(name, assemble(part, arrays)));
      return new DictValue(parts);
    }
    return arrays.next();
  }
}
