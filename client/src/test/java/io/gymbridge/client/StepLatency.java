package io.gymbridge.client;

import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Measures a step's round trip and the bridge's part of it, against a Python server on a Unix
 * socket. A program rather than a test: {@code StepLatency ENV_ID NUM_ENVS WORKERS STEPS
 * auto|shm|grpc}.
 */
final class StepLatency {
  private StepLatency() {}

  public static void main(String[] arguments) {
    String id = arguments[0];
    int numEnvs = Integer.parseInt(arguments[1]);
    int workers = Integer.parseInt(arguments[2]);
    int steps = Integer.parseInt(arguments[3]);
    Transport transport = Transport.valueOf(arguments[4].toUpperCase(Locale.ROOT));
    SessionOptions options = SessionOptions.DEFAULTS.withNumEnvs(numEnvs).withTransport(transport);
    try (ManagedServer server = ManagedServer.serveEnv(List.of(id), numEnvs, workers);
        RemoteVectorEnv env = RemoteVectorEnv.connect(server.address(), id, options)) {
      List<Value> actions = actions(env);
      env.reset(1);
      measure(env, actions, Math.max(5_000, steps / 2));
      long[][] nanos = measure(env, actions, steps);
      System.out.printf(
          "%s, %d lanes, %d workers, %d steps, %s%n", id, numEnvs, workers, steps, transport);
      report("round trip", nanos[0]);
      report("overhead", nanos[1]);
      double seconds = Arrays.stream(nanos[0]).sum() / 1e9;
      System.out.printf("%.0f environment steps/s%n", steps * (double) numEnvs / seconds);
    }
  }

  private static List<Value> actions(VectorEnv env) {
    Random random = new Random(1);
    List<Value> batches = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      List<Value> rows = new ArrayList<>();
      for (int lane = 0; lane < env.numEnvs(); lane++) {
        rows.add(env.spec().actionSpace().sample(random));
      }
      batches.add(Value.stack(rows));
    }
    return batches;
  }

  private static long[][] measure(RemoteVectorEnv env, List<Value> actions, int steps) {
    long[][] nanos = new long[2][steps];
    for (int i = 0; i < steps; i++) {
      long start = System.nanoTime();
      env.step(actions.get(i % actions.size()));
      nanos[0][i] = System.nanoTime() - start;
      nanos[1][i] = nanos[0][i] - env.lastEnvironmentNanos();
    }
    return nanos;
  }

  private static void report(String what, long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    System.out.printf(
        "  %-10s min %4d µs, p10 %4d µs, p50 %4d µs, p99 %4d µs, p99.9 %5d µs%n",
        what,
        sorted[0] / 1000,
        sorted[sorted.length / 10] / 1000,
        sorted[sorted.length / 2] / 1000,
        sorted[(int) (sorted.length * 0.99)] / 1000,
        sorted[(int) (sorted.length * 0.999)] / 1000);
  }
}
