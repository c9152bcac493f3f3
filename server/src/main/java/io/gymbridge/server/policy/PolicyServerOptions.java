package io.gymbridge.server.policy;

import io.gymbridge.transport.Channels;
import io.gymbridge.transport.ServerSecurity;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Duration;

/**
 * How to serve policies, and the limits. Begin with {@link #DEFAULTS} and change what differs.
 *
 * @param security who may ask, and for what
 * @param allowPublish whether, where no tokens are asked for, everybody may publish and administer
 * @param maxWaitingRows rows that may wait for an answer, for each thread that serves connections
 *     and for each slow policy; more are refused with RESOURCE_EXHAUSTED
 * @param maxBatchRows rows that are computed together, at most
 * @param threads that compute policies which take longer than a millisecond
 * @param maxMessageBytes largest message, either way
 * @param grace how long calls under way may take when the server stops
 * @param requestLog is told what is asked and answered
 * @param telemetry where spans of calls go, and whose propagators say how callers send theirs
 */
public record PolicyServerOptions(
    ServerSecurity security,
    boolean allowPublish,
    int maxWaitingRows,
    int maxBatchRows,
    int threads,
    int maxMessageBytes,
    Duration grace,
    RequestLog requestLog,
    OpenTelemetry telemetry) {

  /**
   * 1,024 rows wait, 256 are computed together, messages of 256 MiB, two seconds' grace, no traces.
   */
  public static final PolicyServerOptions DEFAULTS =
      new PolicyServerOptions(
          ServerSecurity.LOCAL,
          false,
          1024,
          256,
          Math.max(1, Runtime.getRuntime().availableProcessors()),
          Channels.DEFAULT_MAX_MESSAGE_BYTES,
          Duration.ofSeconds(2),
          RequestLog.NONE,
          OpenTelemetry.noop());

  public PolicyServerOptions {
    if (maxWaitingRows < 1 || maxBatchRows < 1 || threads < 1 || maxMessageBytes < 1) {
      throw new IllegalArgumentException(
          "got %d waiting rows, batches of %d rows, %d threads and %d bytes; each must be 1 or more"
              .formatted(maxWaitingRows, maxBatchRows, threads, maxMessageBytes));
    }
    if (grace.isNegative()) {
      throw new IllegalArgumentException(
          "got a grace of %s, expected none or more".formatted(grace));
    }
  }

  public PolicyServerOptions withSecurity(ServerSecurity newSecurity) {
    return new PolicyServerOptions(
        newSecurity,
        allowPublish,
        maxWaitingRows,
        maxBatchRows,
        threads,
        maxMessageBytes,
        grace,
        requestLog,
        telemetry);
  }

  public PolicyServerOptions withAllowPublish(boolean newAllowPublish) {
    return new PolicyServerOptions(
        security,
        newAllowPublish,
        maxWaitingRows,
        maxBatchRows,
        threads,
        maxMessageBytes,
        grace,
        requestLog,
        telemetry);
  }

  public PolicyServerOptions withMaxWaitingRows(int newMaxWaitingRows) {
    return new PolicyServerOptions(
        security,
        allowPublish,
        newMaxWaitingRows,
        maxBatchRows,
        threads,
        maxMessageBytes,
        grace,
        requestLog,
        telemetry);
  }

  public PolicyServerOptions withThreads(int newThreads) {
    return new PolicyServerOptions(
        security,
        allowPublish,
        maxWaitingRows,
        maxBatchRows,
        newThreads,
        maxMessageBytes,
        grace,
        requestLog,
        telemetry);
  }

  public PolicyServerOptions withGrace(Duration newGrace) {
    return new PolicyServerOptions(
        security,
        allowPublish,
        maxWaitingRows,
        maxBatchRows,
        threads,
        maxMessageBytes,
        newGrace,
        requestLog,
        telemetry);
  }

  public PolicyServerOptions withRequestLog(RequestLog newRequestLog) {
    return new PolicyServerOptions(
        security,
        allowPublish,
        maxWaitingRows,
        maxBatchRows,
        threads,
        maxMessageBytes,
        grace,
        newRequestLog,
        telemetry);
  }

  public PolicyServerOptions withTelemetry(OpenTelemetry newTelemetry) {
    return new PolicyServerOptions(
        security,
        allowPublish,
        maxWaitingRows,
        maxBatchRows,
        threads,
        maxMessageBytes,
        grace,
        requestLog,
        newTelemetry);
  }
}
