package io.gymbridge.client;

import io.gymbridge.client.BridgeStats.Times;
import io.gymbridge.proto.v1.InteractRequest.RequestCase;
import io.gymbridge.proto.v1.InteractResponse;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.Histogram;

/**
 * What a session's requests took. Takes memory for the first request of a kind only. Thread-safe.
 */
final class RequestTimes {
  private static final long LONGEST = TimeUnit.HOURS.toNanos(1);
  private static final int DIGITS = 2;

  /** Requests of one kind. */
  private static final class Kind {
    private final Histogram total = histogram();
    private final Histogram environment = histogram();
    private final Histogram serverCodec = histogram();
    private final Histogram queue = histogram();
    private final Histogram wire = histogram();
    private final Histogram clientCodec = histogram();
    private long sent;
    private long received;

    private static Histogram histogram() {
      return new Histogram(LONGEST, DIGITS);
    }

    BridgeStats.Requests summary() {
      return new BridgeStats.Requests(
          total.getTotalCount(),
          sent,
          received,
          times(total),
          times(environment),
          times(serverCodec),
          times(queue),
          times(wire),
          times(clientCodec));
    }
  }

  private final Map<RequestCase, Kind> kinds = new EnumMap<>(RequestCase.class);

  /** A request of so many bytes had this response after so many nanoseconds. */
  synchronized void add(RequestCase what, long nanos, int sent, InteractResponse response) {
    Kind kind = kinds.computeIfAbsent(what, unused -> new Kind());
    long environment = response.getEnvironmentNanos();
    long queue = response.getQueueNanos();
    // Servers that are older only tell the environment's part.
    long server = Math.max(response.getServerNanos(), environment + queue);
    put(kind.total, nanos);
    put(kind.environment, environment);
    put(kind.serverCodec, server - environment - queue);
    put(kind.queue, queue);
    put(kind.wire, nanos - server);
    kind.sent += sent;
    kind.received += response.getSerializedSize();
  }

  /** So long this side took to write requests and read responses, for one call. */
  synchronized void addCoding(RequestCase what, long nanos) {
    put(kinds.computeIfAbsent(what, unused -> new Kind()).clientCodec, nanos);
  }

  private static void put(AbstractHistogram histogram, long nanos) {
    histogram.recordValue(Math.max(0, Math.min(nanos, LONGEST)));
  }

  /** By kind: "step", "reset", "save_state". */
  synchronized Map<String, BridgeStats.Requests> summary() {
    Map<String, BridgeStats.Requests> summary = new TreeMap<>();
    kinds.forEach(
        (what, kind) -> summary.put(what.name().toLowerCase(Locale.ROOT), kind.summary()));
    return summary;
  }

  /** Forgets all that was. */
  synchronized void clear() {
    kinds.clear();
  }

  private static Times times(Histogram histogram) {
    return new Times(
        histogram.getMean() / 1e3,
        histogram.getValueAtPercentile(50) / 1e3,
        histogram.getValueAtPercentile(99) / 1e3);
  }
}
