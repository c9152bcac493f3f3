package io.gymbridge.cli.serving;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.gymbridge.proto.inference.GRPCInferenceServiceGrpc;
import io.gymbridge.proto.inference.InferStatistics;
import io.gymbridge.proto.inference.ModelStatistics;
import io.gymbridge.proto.inference.ModelStatisticsRequest;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What a server says of the time that calls spend in it, by the Open Inference Protocol. */
final class ServerTimes implements AutoCloseable {
  private static final int SECONDS = 10;

  private final ManagedChannel channel;

  /** Sums since the server began; nanoseconds. */
  record Totals(long calls, long answered, long queued, long batches, long computed) {
    static final Totals NONE = new Totals(0, 0, 0, 0, 0);

    /** Means in µs, of a call's time and of a batch's computation, by the figures' names. */
    Map<String, Double> since(Totals before) {
      Map<String, Double> figures = new LinkedHashMap<>();
      long asked = calls - before.calls;
      long made = batches - before.batches;
      if (asked > 0 && made > 0) {
        figures.put(ClosedLoop.SERVER, (answered - before.answered) / 1e3 / asked);
        figures.put(ClosedLoop.QUEUE, (queued - before.queued) / 1e3 / asked);
        figures.put(ClosedLoop.COMPUTE, (computed - before.computed) / 1e3 / made);
        figures.put("rows_per_batch", (double) asked / made);
      }
      return figures;
    }
  }

  ServerTimes(String address) {
    channel = Channels.open(Address.parse(address), Credentials.NONE);
  }

  /** All versions' sums; {@link Totals#NONE} from a server without statistics. */
  Totals read() {
    long[] sums = new long[5];
    try {
      for (ModelStatistics each :
          GRPCInferenceServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
              .modelStatistics(ModelStatisticsRequest.getDefaultInstance())
              .getModelStatsList()) {
        InferStatistics stats = each.getInferenceStats();
        sums[0] += stats.getSuccess().getCount();
        sums[1] += stats.getSuccess().getNs();
        sums[2] += stats.getQueue().getNs();
        sums[3] += stats.getComputeInfer().getCount();
        sums[4] += stats.getComputeInfer().getNs();
      }
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.UNIMPLEMENTED) {
        return Totals.NONE;
      }
      throw e;
    }
    return new Totals(sums[0], sums[1], sums[2], sums[3], sums[4]);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
