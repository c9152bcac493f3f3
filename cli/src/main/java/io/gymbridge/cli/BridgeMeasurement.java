package io.gymbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.client.BridgeStats;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.core.Value;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/** One way of stepping one environment, measured several times. */
final class BridgeMeasurement {
  private static final int ACTION_BATCHES = 64;
  private static final int WARM_UP_CALLS = 2_000;

  private final String env;
  private final String system;
  private final int numEnvs;
  private final int workers;
  private final Map<String, List<Double>> figures = new LinkedHashMap<>();

  private BridgeMeasurement(String env, String system, int numEnvs, int workers) {
    this.env = env;
    this.system = system;
    this.numEnvs = numEnvs;
    this.workers = workers;
  }

  /** Gymnasium's {@code loop}, {@code sync} or {@code async}, in a Python process of its own. */
  static BridgeMeasurement gymnasium(String env, String vectorizer, int numEnvs) {
    return new BridgeMeasurement(
        env, "gymnasium-" + vectorizer, numEnvs, vectorizer.equals("async") ? numEnvs : 1);
  }

  /** This bridge, from Java over a Unix socket. */
  static BridgeMeasurement gymbridge(String env, int numEnvs, int workers) {
    return new BridgeMeasurement(env, "gymbridge", numEnvs, workers);
  }

  String label() {
    return "%s ×%d, %d".formatted(system, numEnvs, workers);
  }

  void run(String address, double seconds, long seed) {
    if (system.equals("gymbridge")) {
      runBridge(address, seconds, seed);
    } else {
      runPython(seconds);
    }
  }

  /** The medians over the repetitions. */
  Map<String, Object> row() {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("env", env);
    row.put("system", system);
    row.put("transport", system.equals("gymbridge") ? "grpc-uds" : "in-process");
    row.put("num_envs", numEnvs);
    row.put("workers", workers);
    figures.forEach(
        (name, values) -> row.put(name, values.stream().sorted().toList().get(values.size() / 2)));
    return row;
  }

  private void add(String figure, double value) {
    figures.computeIfAbsent(figure, name -> new ArrayList<>()).add(value);
  }

  private void runBridge(String address, double seconds, long seed) {
    try (RemoteVectorEnv vector =
        RemoteVectorEnv.connect(
            address, env, EnvironmentOptions.learning(numEnvs).withMaxShards(workers))) {
      SplittableRandom random = new SplittableRandom(seed);
      List<Value> actions = new ArrayList<>();
      for (int batch = 0; batch < ACTION_BATCHES; batch++) {
        List<Value> rows = new ArrayList<>();
        for (int lane = 0; lane < numEnvs; lane++) {
          rows.add(vector.spec().actionSpace().sample(random));
        }
        actions.add(Value.stack(rows));
      }
      vector.reset(seed);
      int calls = 0;
      for (; calls < WARM_UP_CALLS; calls++) {
        vector.step(actions.get(calls % ACTION_BATCHES));
      }
      vector.clearBridgeStats();
      long[] durations = new long[1 << 20];
      long[] overheads = new long[1 << 20];
      int measured = 0;
      long start = System.nanoTime();
      long end = start + (long) (seconds * 1e9);
      long before = start;
      while (before < end && measured < durations.length) {
        vector.step(actions.get(measured % ACTION_BATCHES));
        long after = System.nanoTime();
        durations[measured] = after - before;
        overheads[measured++] = after - before - vector.lastEnvironmentNanos();
        before = after;
      }
      add("steps_per_second", measured * (double) numEnvs / ((before - start) / 1e9));
      addPercentiles("call_us", Arrays.copyOf(durations, measured));
      addPercentiles("overhead_us", Arrays.copyOf(overheads, measured));
      addStats(Objects.requireNonNull(vector.bridgeStats().requests().get("step")));
    }
  }

  private void addStats(BridgeStats.Requests steps) {
    add("environment_us_p50", steps.environment().p50());
    add("server_codec_us_p50", steps.serverCodec().p50());
    add("queue_us_p50", steps.queue().p50());
    add("wire_us_p50", steps.wire().p50());
    add("client_codec_us_p50", steps.clientCodec().p50());
  }

  private void addPercentiles(String figure, long[] nanos) {
    Arrays.sort(nanos);
    add(figure + "_p50", nanos[nanos.length / 2] / 1e3);
    add(figure + "_p99", nanos[(int) (nanos.length * 0.99)] / 1e3);
  }

  private void runPython(double seconds) {
    String vectorizer = system.substring("gymnasium-".length());
    String output =
        PythonModule.run(
            "bench",
            "--env",
            env,
            "--num-envs",
            String.valueOf(numEnvs),
            "--vectorizer",
            vectorizer,
            "--seconds",
            String.valueOf(seconds),
            "--json");
    try {
      JsonNode figures = Outputs.JSON.readTree(output);
      for (String name : List.of("steps_per_second", "call_us_p50", "call_us_p99")) {
        add(name, figures.get(name).asDouble());
      }
    } catch (IOException e) {
      throw new IllegalStateException("not JSON: " + output, e);
    }
  }
}
