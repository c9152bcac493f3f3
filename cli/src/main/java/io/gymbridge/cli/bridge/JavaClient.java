package io.gymbridge.cli.bridge;

import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The bridge's Java client, without infos, as a learner has it. */
final class JavaClient implements SystemUnderTest {
  private static final int ACTION_BATCHES = 128;
  private static final double WARM_UP_PART = 0.1;
  private static final long SEED = 1;

  private final RemoteVectorEnv env;
  private final List<Value> actions = new ArrayList<>();
  private long[] calls = new long[1 << 16];
  private long[] inside = new long[1 << 16];

  JavaClient(String address, String envId, SessionOptions options) {
    env = RemoteVectorEnv.connect(address, envId, options.withInfos(false));
    SplittableRandom random = new SplittableRandom(SEED);
    for (int batch = 0; batch < ACTION_BATCHES; batch++) {
      List<Value> rows = new ArrayList<>();
      for (int lane = 0; lane < env.numEnvs(); lane++) {
        rows.add(env.spec().actionSpace().sample(random));
      }
      actions.add(Value.stack(rows));
    }
    env.reset(SEED);
  }

  @Override
  public Map<String, Double> run(double seconds) {
    step(seconds * WARM_UP_PART);
    long start = System.nanoTime();
    int measured = step(seconds);
    double elapsed = (System.nanoTime() - start) / 1e9;
    long[] overhead = new long[measured];
    for (int i = 0; i < measured; i++) {
      overhead[i] = calls[i] - inside[i];
    }
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("steps_per_second", measured * (double) env.numEnvs() / elapsed);
    percentiles(figures, "call_us", Arrays.copyOf(calls, measured));
    percentiles(figures, "environment_us", Arrays.copyOf(inside, measured));
    percentiles(figures, "overhead_us", overhead);
    return figures;
  }

  /** Steps for so long; the number of calls. */
  private int step(double seconds) {
    int count = 0;
    long before = System.nanoTime();
    long end = before + (long) (seconds * 1e9);
    while (before < end) {
      env.step(actions.get(count % ACTION_BATCHES));
      long after = System.nanoTime();
      if (count == calls.length) {
        calls = Arrays.copyOf(calls, 2 * count);
        inside = Arrays.copyOf(inside, 2 * count);
      }
      calls[count] = after - before;
      inside[count++] = env.lastEnvironmentNanos();
      before = after;
    }
    return count;
  }

  private static void percentiles(Map<String, Double> figures, String name, long[] nanos) {
    Arrays.sort(nanos);
    figures.put(name + "_p50", nanos[nanos.length / 2] / 1e3);
    figures.put(name + "_p99", nanos[(int) (nanos.length * 0.99)] / 1e3);
  }

  @Override
  public void close() {
    env.close();
  }
}
