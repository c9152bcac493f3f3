package io.gymbridge.client;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.RestoreStateRequest;
import io.gymbridge.proto.v1.SaveStateResponse;
import io.gymbridge.proto.v1.StepResponse;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a shard's lanes were asked to do since their state was last known: since a seeded reset of
 * all of them, or since it was saved. Doing it again in other lanes brings these into the same
 * state; checksums of what was observed on the way tell where it does not.
 */
final class ReplayLog {
  /** Calls that are remembered at most, since they take memory, and time to do again. */
  static final int MAX_SIZE = 100_000;

  /** A request that kills its process again and again is not one to go on with. */
  private static final int MAX_ATTEMPTS = 3;

  /** A request that was executed, and the checksum of its answer. */
  private record Entry(InteractRequest request, long checksum) {}

  private final List<Entry> entries = new ArrayList<>();
  private final CRC32C crc = new CRC32C();
  private @Nullable String unknown = "the lanes were never reset with seeds";
  private String lost = "";

  /** Number of calls that would be done again. */
  int size() {
    return unknown == null ? entries.size() : 0;
  }

  /** After something that cannot be done again. */
  void forget(String why) {
    entries.clear();
    unknown = why;
  }

  /** The lanes are in this state. */
  void beginWith(SaveStateResponse saved) {
    entries.clear();
    unknown = null;
    entries.add(
        new Entry(
            InteractRequest.newBuilder()
                .setRestoreState(
                    RestoreStateRequest.newBuilder().addAllStates(saved.getStatesList()))
                .build(),
            -1));
  }

  /** The lanes have done this. */
  void add(InteractRequest.Builder request, InteractResponse answer) {
    if (request.hasRollout()) {
      forget("rollouts are not replayed");
      return;
    }
    if (!changes(request, answer)) {
      return;
    }
    if (startsAnew(request)) {
      entries.clear();
      unknown = null;
    }
    if (unknown != null) {
      return;
    }
    if (entries.size() >= MAX_SIZE) {
      forget("more than " + MAX_SIZE + " calls have gone by since the last seeded reset");
      return;
    }
    entries.add(new Entry(request.build(), checksum(answer)));
  }

  private static boolean changes(InteractRequest.Builder request, InteractResponse answer) {
    if (answer.hasError() && answer.getError().getCode() != Status.Code.UNKNOWN.value()) {
      return false;
    }
    return switch (request.getRequestCase()) {
      case RESET, STEP, RESTORE_STATE, CALL, SET_ATTRIBUTE -> true;
      default -> false;
    };
  }

  private static boolean startsAnew(InteractRequest.Builder request) {
    ResetRequest reset = request.getReset();
    return (request.hasReset()
            && !reset.getSeeds().isEmpty()
            && reset.getSeedMask().isEmpty()
            && reset.getResetMask().isEmpty())
        || (request.hasRestoreState() && request.getRestoreState().getLanesCount() == 0);
  }

  /**
   * Brings a lost shard's new lanes to where the old ones were, and has them execute a request.
   *
   * @return its answer; null where that could not be done, see {@link #whyLost}
   */
  @Nullable InteractResponse recover(
      ShardStream shard, InteractRequest.Builder request, String doing) {
    for (int attempt = 1; ; attempt++) {
      String cause = shard.loss();
      lost = String.valueOf(cause);
      if (request.hasRollout() || request.hasPutPolicy()) {
        return null;
      }
      if (unknown != null && !startsAnew(request)) {
        lost += "; it could not be replayed: " + unknown;
        return null;
      }
      if (attempt > MAX_ATTEMPTS) {
        lost += "; so did the processes in which it was replayed, %d times".formatted(MAX_ATTEMPTS);
        return null;
      }
      shard.acceptLoss();
      String difference = startsAnew(request) ? null : replay(shard);
      if (difference != null) {
        lost += "; " + difference;
        return null;
      }
      if (shard.loss() == null) {
        shard.send(request);
        InteractResponse answer = shard.await(doing, 1);
        if (answer != null) {
          return answer;
        }
      }
    }
  }

  /** What the last {@link #recover} did not succeed for. */
  String whyLost() {
    return lost;
  }

  /** Null where all was as before, and where the shard was lost again. */
  private @Nullable String replay(ShardStream shard) {
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      shard.send(entry.request().toBuilder());
      InteractResponse answer = shard.await("replaying", 1);
      if (answer == null) {
        return null;
      }
      if (entry.checksum() >= 0 && checksum(answer) != entry.checksum()) {
        return "replaying it went another way at call %d of %d: the environment does not do the same for the same seeds and actions"
            .formatted(i + 1, entries.size());
      }
    }
    return null;
  }

  /** Of what was observed; not of infos, which may hold times. */
  private long checksum(InteractResponse answer) {
    crc.reset();
    crc.update(answer.getResponseCase().getNumber());
    add(answer.getReset().getObservations());
    add(answer.getRestored().getObservations());
    StepResponse step = answer.getStep();
    add(step.getObservations());
    add(step.getRewards());
    add(step.getTerminated());
    add(step.getTruncated());
    add(step.getFinalObservations());
    return crc.getValue();
  }

  private void add(Buffers buffers) {
    buffers.getBuffersList().forEach(this::add);
  }

  private void add(ByteString bytes) {
    for (ByteBuffer part : bytes.asReadOnlyByteBufferList()) {
      crc.update(part);
    }
  }
}
