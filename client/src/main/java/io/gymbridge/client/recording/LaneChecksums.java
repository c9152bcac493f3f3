package io.gymbridge.client.recording;

import com.google.protobuf.ByteString;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv.Reset;
import io.gymbridge.core.VectorEnv.Step;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The checksums of {@link LogFormat}. Not thread-safe. */
final class LaneChecksums {
  private static final int LOST = 0;

  private final ValueCodec codec;
  private final int numEnvs;
  private final CRC32C crc = new CRC32C();
  private final ByteBuffer number = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
  private final boolean[] lost;

  LaneChecksums(Space observationSpace, int numEnvs) {
    this.codec = new ValueCodec(observationSpace);
    this.numEnvs = numEnvs;
    this.lost = new boolean[numEnvs];
  }

  /** N of them. */
  int[] of(Reset reset, boolean @Nullable [] lanes) {
    int[] checksums = new int[numEnvs];
    for (int lane = 0; lane < numEnvs; lane++) {
      lost[lane] &= lanes != null && !lanes[lane];
      crc.reset();
      add(reset.observations(), numEnvs, lane);
      checksums[lane] = value(lane);
    }
    return checksums;
  }

  /** N of them. */
  int[] of(Step step) {
    int[] checksums = new int[numEnvs];
    int finals = 0;
    for (int lane = 0; lane < numEnvs; lane++) {
      lost[lane] |= step.lost()[lane];
      crc.reset();
      add(step.observations(), numEnvs, lane);
      number.putDouble(0, step.rewards()[lane]);
      crc.update(number.array(), 0, 8);
      crc.update((step.terminated()[lane] ? 1 : 0) + (step.truncated()[lane] ? 2 : 0));
      Value last = step.finalObservations();
      if (last != null && step.ended(lane)) {
        add(last, last.batchSize(), finals++);
      }
      checksums[lane] = value(lane);
    }
    return checksums;
  }

  private int value(int lane) {
    int value = (int) crc.getValue();
    // A checksum that happens to be 0 must not look lost.
    return lost[lane] ? LOST : value == LOST ? 1 : value;
  }

  private void add(Value batch, int n, int row) {
    Buffers buffers = codec.encode(batch, n, row, 1, "observations");
    for (ByteString buffer : buffers.getBuffersList()) {
      crc.update(buffer.asReadOnlyByteBuffer());
    }
  }

  /**
   * The first lane whose checksums differ, but for lanes that were lost.
   *
   * @return −1 where none does
   */
  static int firstDifference(int[] recorded, int[] now) {
    for (int lane = 0; lane < recorded.length; lane++) {
      if (recorded[lane] != LOST && now[lane] != LOST && recorded[lane] != now[lane]) {
        return lane;
      }
    }
    return -1;
  }
}
