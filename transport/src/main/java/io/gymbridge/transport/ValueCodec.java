package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.Buffers;
import java.util.ArrayList;
import java.util.List;

/**
 * Batches of values on the wire, in columns that follow the space in pre-order. Nothing is copied:
 * the values that come out are views of the message, and what goes in must not change, which {@link
 * NdArray} promises.
 *
 * <p>Made once for a space, then used for every batch. Immutable. {@link Columns} has the layout of
 * each kind of space.
 */
public final class ValueCodec {
  private final Space space;
  private final Columns columns;
  private final int count;

  /** A codec for batches of members of {@code space}. */
  public ValueCodec(Space space) {
    this.space = space;
    this.columns = Columns.of(space, "");
    this.count = columns.count();
  }

  /** Bytes that every value takes at least. */
  public long rowBytes() {
    return columns.rowBytes();
  }

  /**
   * The buffers of a batch of {@code n}.
   *
   * @param what names the batch in an error: "actions", "observations"
   * @throws GymException INVALID_ARGUMENT where a value's kind, type or shape is not the space's
   */
  public Buffers encode(Value batch, int n, String what) {
    return Buffers.newBuilder().addAllBuffers(buffers(batch, n, what)).build();
  }

  /**
   * The buffers of {@code count} rows of a batch of {@code n}, from row {@code first} on.
   *
   * @throws GymException as {@link #encode(Value, int, String)}
   */
  public Buffers encode(Value batch, int n, int first, int count, String what) {
    if (count == n) {
      return encode(batch, n, what);
    }
    check(batch, n, what);
    return encode(batch.slice(first, count), count, what);
  }

  /**
   * Refuses a batch whose values do not have the space's kinds, types and shapes; their elements
   * are not looked at.
   *
   * @throws GymException as {@link #encode(Value, int, String)}
   */
  public void check(Value batch, int n, String what) {
    buffers(batch, n, what);
  }

  private List<ByteString> buffers(Value batch, int n, String what) {
    List<ByteString> buffers = new ArrayList<>(count);
    columns.encode(batch, n, what, buffers);
    return buffers;
  }

  /**
   * The batch of {@code n} values that buffers hold.
   *
   * @param what names the batch in an error: "actions", "observations"
   * @throws GymException INVALID_ARGUMENT, naming the part, where the number of buffers or a
   *     buffer's length is not exactly what the space and {@code n} make it, or offsets, choices,
   *     links or texts are not what they must be; bounds are not looked at
   */
  public Value decode(Buffers buffers, int n, String what) {
    if (buffers.getBuffersCount() != count) {
      throw Shapes.invalid(
          "%s: got %d buffers, expected %d for %s"
              .formatted(what, buffers.getBuffersCount(), count, space));
    }
    return columns.decode(buffers.getBuffersList().iterator(), n, what);
  }
}
