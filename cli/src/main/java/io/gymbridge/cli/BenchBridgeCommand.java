package io.gymbridge.cli;

import io.gymbridge.client.ManagedServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the bridge beside Gymnasium's own ways of stepping. */
@Command(
    name = "bridge",
    mixinStandardHelpOptions = true,
    description = {
      "Steps the same environments with random actions in four ways: a loop in one Python process, Gymnasium's",
      "SyncVectorEnv and AsyncVectorEnv, and this bridge from Java. The repetitions of all are interleaved; the",
      "table shows each one's median. The bridge's overhead is what a call takes beyond the environments' own time."
    },
    footer = {"", "Example:  gymbridge bench bridge --env HalfCheetah-v5 --json bridge.json"})
final class BenchBridgeCommand implements Callable<Integer> {
  @Option(
      names = "--env",
      split = ",",
      paramLabel = "ID",
      defaultValue = "CartPole-v1,HalfCheetah-v5",
      description = "Environments. Default: ${DEFAULT-VALUE}.")
  List<String> envs = List.of();

  @Option(
      names = "--num-envs",
      split = ",",
      paramLabel = "N",
      defaultValue = "8,16",
      description = "Sizes of the batches, beside 1. Default: ${DEFAULT-VALUE}.")
  List<Integer> sizes = List.of();

  @Option(
      names = "--workers",
      split = ",",
      paramLabel = "W",
      defaultValue = "1,2",
      description = "Processes of the bridge's server. Default: ${DEFAULT-VALUE}.")
  List<Integer> workers = List.of();

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "Of each measurement. Default: ${DEFAULT-VALUE}.")
  double seconds;

  @Option(names = "--repeats", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}.")
  int repeats;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there.")
  @Nullable Path json;

  @Override
  public Integer call() {
    Outputs.checkWritable(json);
    List<Map<String, Object>> rows = new ArrayList<>();
    for (String env : envs) {
      List<BridgeMeasurement> plan = plan(env);
      try (ManagedServer server =
              ManagedServer.serveEnv(
                  List.of(env), 1, workers.stream().mapToInt(w -> w).max().orElse(1));
          ProgressLine progress = new ProgressLine(env, (long) plan.size() * repeats)) {
        for (int repeat = 0; repeat < repeats; repeat++) {
          for (BridgeMeasurement measurement : plan) {
            progress.note(measurement.label());
            measurement.run(server.address(), seconds, repeat);
            progress.step();
          }
        }
      }
      plan.forEach(measurement -> rows.add(measurement.row()));
    }
    print(rows);
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("machine", machine());
    result.put("seconds", seconds);
    result.put("repeats", repeats);
    result.put("rows", rows);
    Outputs.json(json, result);
    return Main.OK;
  }

  private List<BridgeMeasurement> plan(String env) {
    List<BridgeMeasurement> plan = new ArrayList<>();
    plan.add(BridgeMeasurement.gymnasium(env, "loop", 1));
    plan.add(BridgeMeasurement.gymbridge(env, 1, 1));
    for (int size : sizes) {
      plan.add(BridgeMeasurement.gymnasium(env, "sync", size));
      plan.add(BridgeMeasurement.gymnasium(env, "async", size));
      for (int processes : workers) {
        plan.add(BridgeMeasurement.gymbridge(env, size, processes));
      }
    }
    return plan;
  }

  private static void print(List<Map<String, Object>> rows) {
    TextTable table =
        new TextTable(
            "environment",
            "system",
            "envs",
            "workers",
            "steps/s",
            "× sync",
            "call p50",
            "call p99",
            "over p50",
            "over p99");
    for (Map<String, Object> row : rows) {
      double rate = rate(row);
      table.row(
          String.valueOf(row.get("env")),
          String.valueOf(row.get("system")),
          String.valueOf(row.get("num_envs")),
          String.valueOf(row.get("workers")),
          "%,.0f".formatted(rate),
          relative(rows, row, rate),
          micros(row.get("call_us_p50")),
          micros(row.get("call_us_p99")),
          micros(row.get("overhead_us_p50")),
          micros(row.get("overhead_us_p99")));
    }
    System.out.print(table);
  }

  /** The rate beside SyncVectorEnv's with as many environments. */
  private static String relative(
      List<Map<String, Object>> rows, Map<String, Object> row, double rate) {
    return rows.stream()
        .filter(other -> Objects.equals(other.get("system"), "gymnasium-sync"))
        .filter(other -> Objects.equals(other.get("env"), row.get("env")))
        .filter(other -> Objects.equals(other.get("num_envs"), row.get("num_envs")))
        .map(other -> "%.2f".formatted(rate / rate(other)))
        .findFirst()
        .orElse("");
  }

  private static double rate(Map<String, Object> row) {
    return row.get("steps_per_second") instanceof Double rate ? rate : Double.NaN;
  }

  private static String micros(@Nullable Object micros) {
    return micros == null ? "" : "%,.0f µs".formatted((double) micros);
  }

  private static Map<String, Object> machine() {
    Map<String, Object> machine = new LinkedHashMap<>();
    machine.put("processors", Runtime.getRuntime().availableProcessors());
    for (String property : Arrays.asList("os.name", "os.version", "os.arch", "java.version")) {
      machine.put(property, System.getProperty(property));
    }
    return machine;
  }
}
