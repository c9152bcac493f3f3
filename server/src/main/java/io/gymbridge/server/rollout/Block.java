package io.gymbridge.server.rollout;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.RolloutResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The actions of up to {@code capacity} steps, and what is known of how they were drawn. Its memory
 * becomes the response's.
 */
public abstract class Block {
  final int capacity;
  final int lanes;
  private final int[] shape;
  private final int stepBytes;
  private final ByteBuffer actions;

  Block(Space space, int capacity, int lanes) {
    this.capacity = capacity;
    this.lanes = lanes;
    NdArray none = space.emptyBatch().array();
    shape = none.shape();
    shape[0] = lanes;
    stepBytes = Arrays.stream(shape).reduce(none.dtype().bytes(), Math::multiplyExact);
    actions = memory(stepBytes);
  }

  /**
   * The actions for a batch of observations, which become row {@code step}; rows are filled one
   * after the other.
   *
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT where the policy fails, or gives NaN
   */
  public final NdArray act(int step, NdArray observations) {
    NdArray chosen = choose(step, observations);
    actions.put(step * stepBytes, chosen.data(), 0, stepBytes);
    return chosen;
  }

  abstract NdArray choose(int step, NdArray observations);

  /** Adds the first {@code steps} rows to a response. */
  public void fill(RolloutResponse.Builder response, int steps) {
    response.setActions(Buffers.newBuilder().addBuffers(rows(actions, capacity, steps)));
  }

  /** The dimensions of a batch of actions. */
  final int[] shape() {
    return shape.clone();
  }

  /** Little-endian memory for all steps. */
  final ByteBuffer memory(int bytesPerStep) {
    return memory(capacity, bytesPerStep);
  }

  /** Little-endian memory for so many rows. */
  public static ByteBuffer memory(int rows, int bytesPerRow) {
    return ByteBuffer.allocate(Math.multiplyExact(rows, bytesPerRow))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The first rows of memory that is not written any more; copied where they are fewer than there
   * is room for, so that a response holds no more than what it sends.
   */
  public static ByteString rows(ByteBuffer memory, int capacity, int rows) {
    if (rows == capacity) {
      return UnsafeByteOperations.unsafeWrap(memory.duplicate().clear());
    }
    return ByteString.copyFrom(memory.slice(0, memory.capacity() / capacity * rows));
  }
}
