package io.gymbridge.cli.serving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Many times more calls than a server can answer, made by a process of its own; then a normal load
 * again.
 */
public final class OverloadTrial {
  /** Observations of a call: many, so that computing the answer costs more than refusing it. */
  static final int ROWS = 64;

  static final int CONNECTIONS = 64;

  /** Callers who wait for their answers, of whom the server refuses none. */
  private static final int CALLERS = 16;

  private static final long SAMPLE_MILLIS = 250;
  private static final ObjectMapper JSON = new ObjectMapper();

  private OverloadTrial() {}

  /**
   * What came of it.
   *
   * @param rate calls a second that were wanted
   * @param offered calls a second that were due and reached the connection
   * @param generator what the load's process says, see {@link Generator}
   * @param megabytes the server's memory, four times a second
   * @param before latencies of a load of half the capacity before it, see {@link SteadyLoad}
   * @param after the same after it
   */
  public record Result(
      double rate,
      double offered,
      JsonNode generator,
      double[] megabytes,
      Map<String, Double> before,
      Map<String, Double> after) {
    double generator(String figure) {
      return generator.path(figure).asDouble(Double.NaN);
    }

    /** How much more memory the server has at the end than after the first quarter, MB. */
    double growth() {
      return megabytes[megabytes.length - 1] - megabytes[megabytes.length / 4];
    }

    Map<String, Object> fields() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("rate", rate);
      fields.put("offered", offered);
      fields.put("generator", generator);
      fields.put("resident_mb", megabytes);
      fields.put("before", before);
      fields.put("after", after);
      return fields;
    }
  }

  /**
   * Overloads a server.
   *
   * @param times how many times as many calls are made as it can answer
   * @throws GymException UNAVAILABLE where the server ends, or does not recover
   */
  public static Result run(PolicyProcess server, double times, double seconds) {
    double capacity = capacity(server, Math.min(3, seconds));
    Map<String, Double> before = normal(server, capacity, seconds);
    double rate = times * capacity;
    List<String> command = PolicyProcess.java(Generator.class);
    command.addAll(
        List.of(
            server.address(),
            String.valueOf(rate),
            String.valueOf(seconds),
            String.valueOf(CONNECTIONS),
            String.valueOf(ROWS)));
    List<Double> megabytes = new ArrayList<>();
    JsonNode generator;
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> read(process));
      do {
        megabytes.add(server.residentMegabytes());
      } while (!process.waitFor(SAMPLE_MILLIS, TimeUnit.MILLISECONDS));
      generator = JSON.readTree(output.join());
    } catch (IOException e) {
      throw new GymException(Kind.UNAVAILABLE, "the load failed: " + e.getMessage(), null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GymException(Kind.UNAVAILABLE, "interrupted", null, e);
    }
    return new Result(
        rate,
        (generator.path("accepted").asDouble() + generator.path("refused").asDouble())
            / generator.path("seconds").asDouble(),
        generator,
        megabytes.stream().mapToDouble(Double::doubleValue).toArray(),
        before,
        normal(server, capacity, seconds));
  }

  /** Answers a second that callers who wait can have. */
  private static double capacity(PolicyProcess server, double seconds) {
    try (ServerTimes times = new ServerTimes(server.address());
        ClosedLoop loop =
            new ClosedLoop(Callers.unary(server.address(), CALLERS, 1, ROWS), times)) {
      loop.run(seconds);
      return loop.run(seconds).getOrDefault(ClosedLoop.RATE, Double.NaN);
    }
  }

  private static Map<String, Double> normal(PolicyProcess server, double capacity, double seconds) {
    return SteadyLoad.run(
        Callers.unary(server.address(), CALLERS, 1, ROWS),
        capacity / 2,
        capacity,
        Math.min(3, seconds));
  }

  private static String read(Process process) {
    try {
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
