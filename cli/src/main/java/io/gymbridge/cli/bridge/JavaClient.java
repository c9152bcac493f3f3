package io.gymbridge.cli.bridge;

import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The bridge's Java client, without infos, as a learner has it. */
final class JavaClient implements SystemUnderTest {
  static final double WARM_UP_PART = 0.1;
  static final long SEED = 1;
  private static final int ACTION_BATCHES = 128;

  private final RemoteVectorEnv env;
  private final List<Value> actions;
  private final CallTimes calls = new CallTimes();
  private final CallTimes inside = new CallTimes();
  private final CallTimes overhead = new CallTimes();

  JavaClient(String address, String envId, SessionOptions options) {
    env = RemoteVectorEnv.connect(address, envId, options.withInfos(false));
    actions = actions(env, env.numEnvs());
    env.reset(SEED);
  }

  /** Random batches for so many lanes. */
  static List<Value> actions(RemoteVectorEnv env, int lanes) {
    SplittableRandom random = new SplittableRandom(SEED);
    List<Value> batches = new ArrayList<>();
    for (int batch = 0; batch < ACTION_BATCHES; batch++) {
      List<Value> rows = new ArrayList<>();
      for (int lane = 0; lane < lanes; lane++) {
        rows.add(env.spec().actionSpace().sample(random));
      }
      batches.add(Value.stack(rows));
    }
    return batches;
  }

  @Override
  public Map<String, Double> run(double seconds) {
    step(seconds * WARM_UP_PART);
    calls.clear();
    inside.clear();
    overhead.clear();
    long start = System.nanoTime();
    step(seconds);
    double elapsed = (System.nanoTime() - start) / 1e9;
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(Results.RATE, calls.count() * (double) env.numEnvs() / elapsed);
    calls.putInto(figures, "call_us");
    inside.putInto(figures, "environment_us");
    overhead.putInto(figures, "overhead_us");
    return figures;
  }

  /** Steps for so long. */
  private void step(double seconds) {
    long before = System.nanoTime();
    long end = before + (long) (seconds * 1e9);
    for (int call = 0; before < end; call++) {
      env.step(actions.get(call % ACTION_BATCHES));
      long after = System.nanoTime();
      calls.add(after - before);
      inside.add(env.lastEnvironmentNanos());
      overhead.add(after - before - env.lastEnvironmentNanos());
      before = after;
    }
  }

  @Override
  public void close() {
    env.close();
  }
}
