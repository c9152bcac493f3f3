package io.gymbridge.cli.serving;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.Status;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A load that is a process of its own: {@code Generator ADDRESS RATE SECONDS CONNECTIONS ROWS}. It
 * makes unary calls, at a rate and whether or not answers come, and prints what became of them as
 * JSON. Times count from when a call was made; how late that was is a figure of its own.
 */
public final class Generator {
  private static final Logger CONNECTIONS = Logger.getLogger("io.grpc");

  /** Calls under way on a connection, at most, so that this process does not run out of memory. */
  static final int MOST = 1000;

  private static final double WARM_UP_PART = 8;
  private static final double WARM_UP_SECONDS = 2;

  /** How long the whole load is there before it is counted, at most; and what part of the time. */
  private static final double COLD_SECONDS = 6;

  private static final double COLD_PART = 0.1;

  private final Latencies cold = new Latencies();
  private final Latencies accepted = new Latencies();
  private final Latencies refused = new Latencies();
  private final Latencies late = new Latencies();
  private final Map<Status.Code, Integer> failed = new ConcurrentHashMap<>();

  private Generator() {}

  /** Asks, and prints. */
  public static void main(String[] arguments) throws IOException {
    CONNECTIONS.setLevel(Level.SEVERE);
    Map<String, Object> result =
        new Generator()
            .run(
                arguments[0],
                Double.parseDouble(arguments[1]),
                Double.parseDouble(arguments[2]),
                Integer.parseInt(arguments[3]),
                Integer.parseInt(arguments[4]));
    System.out.println(new ObjectMapper().writeValueAsString(result));
    System.exit(0);
  }

  private Map<String, Object> run(
      String address, double rate, double seconds, int connections, int rows) {
    try (Callers callers = Callers.unary(address, connections, 1, rows)) {
      // Not counted: connections are made, and compilers are cold.
      new OpenLoop(callers.all(), rate / WARM_UP_PART, 1)
          .withMost(MOST)
          .run(WARM_UP_SECONDS, (caller, begin, due, sent, now, answer) -> {});
      OpenLoop loop = new OpenLoop(callers.all(), rate, 1).withMost(MOST);
      // A figure of its own: compilers are busy with what they never had so much of.
      double coldSeconds = Math.min(COLD_SECONDS, COLD_PART * seconds);
      loop.run(
          coldSeconds,
          (caller, begin, due, sent, now, answer) -> {
            if (answer.failure() == null) {
              cold.record(now - sent);
            }
          });
      long began = System.nanoTime();
      long asked = loop.run(seconds, this::seen);
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("due", asked);
      result.put("held_back", loop.heldBack());
      result.put("seconds", (System.nanoTime() - began) / 1e9);
      result.put("sending_seconds", loop.sendingSeconds());
      result.put("accepted", accepted.count());
      result.put("refused", refused.count());
      result.put("failed", failed.values().stream().mapToInt(Integer::intValue).sum());
      result.put("failures", failed.toString());
      result.put("late_us_p99", late.micros(99));
      result.put("cold_seconds", coldSeconds);
      result.put("cold_us_p99", cold.micros(99));
      result.put("accepted_us_p50", accepted.micros(50));
      result.put("accepted_us_p99", accepted.micros(99));
      result.put("accepted_us_max", accepted.maxMicros());
      result.put("refused_us_p50", refused.micros(50));
      result.put("refused_us_p99", refused.micros(99));
      return result;
    }
  }

  private void seen(
      int caller, boolean begin, long due, long sent, long now, Caller.Answer answer) {
    late.record(sent - due);
    if (answer.failure() == null) {
      accepted.record(now - sent);
    } else if (answer.refused()) {
      refused.record(now - sent);
    } else {
      failed.merge(answer.failure(), 1, Integer::sum);
    }
  }
}
