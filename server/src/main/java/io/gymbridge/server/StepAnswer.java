package io.gymbridge.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.gymbridge.core.StepBuffers;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.ItemMap;
import io.gymbridge.proto.v1.StepResponse;
import java.nio.ByteBuffer;
import java.util.Collections;

/**
 * Memory for one step's arrays, and the response that points to it: lanes write into what goes on
 * the wire. It is used again once the client has the response.
 */
final class StepAnswer {
  /** Where the lanes write. */
  final StepBuffers buffers;

  private final StepResponse arrays;

  /**
   * Memory of the heap.
   *
   * @param rowBytes size of one observation; 0 where observations come as values
   * @param infoMode of lanes that have no infos
   */
  StepAnswer(int numEnvs, int rowBytes, InfoMode infoMode) {
    buffers = StepBuffers.allocate(numEnvs, rowBytes);
    StepResponse.Builder response =
        StepResponse.newBuilder()
            .setRewards(bytes(buffers.rewards()))
            .setTerminated(bytes(buffers.terminated()))
            .setTruncated(bytes(buffers.truncated()));
    if (rowBytes > 0) {
      response.setObservations(rows(buffers.observations()));
      switch (infoMode) {
        case INFO_MODE_ALL -> response.setInfos(ItemMap.getDefaultInstance());
        case INFO_MODE_LANES ->
            response.addAllLaneInfos(Collections.nCopies(numEnvs, ItemMap.getDefaultInstance()));
        default -> {}
      }
    }
    arrays = response.build();
  }

  private static ByteString bytes(ByteBuffer buffer) {
    return UnsafeByteOperations.unsafeWrap(buffer);
  }

  private static Buffers rows(ByteBuffer buffer) {
    return Buffers.newBuilder().addBuffers(bytes(buffer)).build();
  }

  /** All that the lanes have written, but for last observations. */
  StepResponse arrays() {
    return arrays;
  }

  /** The last observations that the lanes have written. */
  Buffers finalObservations(int rowBytes) {
    return rows(buffers.finalObservations().slice(0, buffers.finals() * rowBytes));
  }
}
