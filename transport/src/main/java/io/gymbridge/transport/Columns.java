package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Graph;
import io.gymbridge.core.GymException;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Offsets;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.Space;
import io.gymbridge.core.Text;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.Value;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;

/**
 * The buffers that hold a batch's values of one space, laid out as the comment of {@code Buffers}
 * in value.proto says. Immutable; the values are views of the buffers, and the other way round.
 */
interface Columns {
  /** Most elements that take no bytes, of which any number would fit into a message. */
  int MAX_EMPTY = 1 << 16;

  /** Number of buffers, which follows from the space alone. */
  int count();

  /** Number of bytes that every value takes at least. */
  long rowBytes();

  /**
   * Appends a batch's buffers.
   *
   * @param n size of the batch
   * @param what names the batch in an error
   * @throws GymException INVALID_ARGUMENT where the batch is not one of n values of the space's
   *     kinds, types and shapes; their elements are not looked at
   */
  void encode(Value batch, int n, String what, List<ByteString> into);

  /**
   * Takes a batch's buffers, of which there are enough.
   *
   * @throws GymException INVALID_ARGUMENT where a buffer is not as the space and n make it
   */
  Value decode(Iterator<ByteString> buffers, int n, String what);

  /**
   * The columns of a space.
   *
   * @param path of the space within the whole, for errors
   */
  static Columns of(Space space, String path) {
    if (space instanceof Box box) {
      return new ArrayColumn(path, box.dtype(), box.shape(), box);
    }
    if (space instanceof Discrete discrete) {
      return new ArrayColumn(path, discrete.dtype(), new int[0], discrete);
    }
    if (space instanceof MultiDiscrete multi) {
      return new ArrayColumn(path, multi.dtype(), multi.shape(), multi);
    }
    if (space instanceof MultiBinary binary) {
      return new ArrayColumn(path, DType.INT8, binary.dimensions(), binary);
    }
    if (space instanceof Text) {
      return new TextColumns(path);
    }
    if (space instanceof Tuple tuple) {
      return new TupleColumns(path, tuple);
    }
    if (space instanceof Dict dict) {
      return new DictColumns(path, dict);
    }
    if (space instanceof Sequence sequence) {
      return new SequenceColumns(path, sequence);
    }
    if (space instanceof Graph graph) {
      return new GraphColumns(path, graph);
    }
    if (space instanceof OneOf oneOf) {
      return new OneOfColumns(path, oneOf);
    }
    throw new AssertionError("no encoding for " + space.getClass());
  }

  /** A batch that must be of {@code n} and of one kind. */
  static <V extends Value> V batch(Class<V> kind, Value batch, int n, String where) {
    if (!kind.isInstance(batch)) {
      throw Shapes.invalid(
          "%s: got a %s, expected a %s of %d values"
              .formatted(where, batch.getClass().getSimpleName(), kind.getSimpleName(), n));
    }
    if (batch.batchSize() != n) {
      throw Shapes.invalid(
          "%s: got a batch of %d values, expected %d".formatted(where, batch.batchSize(), n));
    }
    return kind.cast(batch);
  }

  static ByteString bytes(NdArray array) {
    return UnsafeByteOperations.unsafeWrap(array.data());
  }

  /** An array whose buffer must be exactly as long as its shape says. */
  static NdArray array(ByteString bytes, DType dtype, int[] shape, String where) {
    long expected = dtype.bytes();
    for (int dimension : shape) {
      expected = Math.multiplyExact(expected, (long) dimension);
    }
    if (bytes.size() != expected) {
      throw Shapes.invalid(
          "%s: got %d bytes, expected %d, %s of shape %s"
              .formatted(
                  where,
                  bytes.size(),
                  expected,
                  dtype.numpyName(),
                  java.util.Arrays.toString(shape)));
    }
    return NdArray.wrap(dtype, bytes.asReadOnlyByteBuffer(), shape);
  }

  /** The offsets of n runs, in a column whose entries take {@code entryBytes} each at least. */
  static Offsets offsets(ByteString bytes, int n, long entryBytes, String where) {
    NdArray array = array(bytes, DType.INT32, new int[] {n + 1}, where);
    Offsets offsets = checked(() -> new Offsets(array), where);
    if (entryBytes == 0 && offsets.total() > MAX_EMPTY) {
      throw Shapes.invalid(
          "%s: got %d elements that take no bytes, expected %d at most"
              .formatted(where, offsets.total(), MAX_EMPTY));
    }
    return offsets;
  }

  /** What is made of a message's content, whose refusal is the sender's fault. */
  static <V> V checked(Supplier<V> made, String where) {
    try {
      return made.get();
    } catch (IllegalArgumentException e) {
      throw Shapes.invalid(where + ": " + e.getMessage());
    }
  }
}
