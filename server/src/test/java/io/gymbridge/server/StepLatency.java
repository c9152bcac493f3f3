package io.gymbridge.server;

import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.client.Transport;
import io.gymbridge.core.Value;
import io.gymbridge.envs.Envs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Measures a step's round trip to a Java environment in another process. A program rather than a
 * test: {@code StepLatency serve ADDRESS ENV_ID BRIEF} in one terminal, {@code StepLatency measure
 * ADDRESS NUM_ENVS STEPS auto|shm|grpc} in another.
 */
final class StepLatency {
  private StepLatency() {}

  public static void main(String[] arguments) throws InterruptedException {
    if (arguments[0].equals("serve")) {
      serve(arguments[1], arguments[2], Boolean.parseBoolean(arguments[3]));
    } else {
      measure(
          arguments[1],
          Integer.parseInt(arguments[2]),
          Integer.parseInt(arguments[3]),
          Transport.valueOf(arguments[4].toUpperCase(Locale.ROOT)));
    }
  }

  private static void serve(String address, String id, boolean brief) throws InterruptedException {
    ServedEnvironment environment =
        new ServedEnvironment(
            id,
            kwargs -> Envs.make(id, kwargs),
            (numEnvs, kwargs) -> Envs.makeBatch(id, numEnvs, kwargs),
            List.of(),
            List.of(),
            brief);
    try (EnvironmentServer server =
        EnvironmentServer.start(address, List.of(environment), ServeOptions.DEFAULTS)) {
      System.out.println("gymbridge: listening on " + server.address());
      server.awaitTermination();
    }
  }

  private static void measure(String address, int numEnvs, int steps, Transport transport) {
    SessionOptions options = SessionOptions.DEFAULTS.withNumEnvs(numEnvs).withTransport(transport);
    try (RemoteVectorEnv env = RemoteVectorEnv.connect(address, "", options)) {
      Random random = new Random(1);
      List<Value> batches = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        List<Value> rows = new ArrayList<>();
        for (int lane = 0; lane < numEnvs; lane++) {
          rows.add(env.spec().actionSpace().sample(random));
        }
        batches.add(Value.stack(rows));
      }
      env.reset(1);
      run(env, batches, Math.max(5_000, steps / 2));
      long[][] nanos = run(env, batches, steps);
      System.out.printf("%s, %d lanes, %d steps, %s%n", env.spec().id(), numEnvs, steps, transport);
      report("round trip", nanos[0]);
      report("environment", nanos[1]);
      double seconds = Arrays.stream(nanos[0]).sum() / 1e9;
      System.out.printf("  %.0f environment steps/s%n", steps * (double) numEnvs / seconds);
    }
  }

  private static long[][] run(RemoteVectorEnv env, List<Value> batches, int steps) {
    long[][] nanos = new long[2][steps];
    for (int i = 0; i < steps; i++) {
      long started = System.nanoTime();
      env.step(batches.get(i % batches.size()));
      nanos[0][i] = System.nanoTime() - started;
      nanos[1][i] = env.lastEnvironmentNanos();
    }
    return nanos;
  }

  private static void report(String what, long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    System.out.printf(
        "  %-11s p10 %6.1f µs, p50 %6.1f µs, p99 %6.1f µs%n",
        what,
        sorted[sorted.length / 10] / 1e3,
        sorted[sorted.length / 2] / 1e3,
        sorted[(int) (sorted.length * 0.99)] / 1e3);
  }
}
