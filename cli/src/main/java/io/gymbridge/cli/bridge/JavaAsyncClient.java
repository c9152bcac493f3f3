package io.gymbridge.cli.bridge;

import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.AsyncVectorEnv.Received;
import io.gymbridge.core.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The bridge's Java client where the lanes of each worker get their next actions as soon as they
 * are there, instead of waiting for those of other workers.
 */
final class JavaAsyncClient implements SystemUnderTest {
  private final RemoteVectorEnv env;
  private final List<int[]> processes;
  private final List<List<Value>> actions;

  /** By lane, which process's it is; by process, when it was sent, and how many lanes are due. */
  private final int[] processOf;

  private final long[] sentAt;
  private final int[] due;
  private final CallTimes calls = new CallTimes();
  private int batch;

  JavaAsyncClient(String address, String envId, SessionOptions options) {
    env = RemoteVectorEnv.connect(address, envId, options.withInfos(false));
    processes = env.processes();
    actions = processes.stream().map(lanes -> JavaClient.actions(env, lanes.length)).toList();
    sentAt = new long[processes.size()];
    due = new int[processes.size()];
    processOf = new int[env.numEnvs()];
    for (int process = 0; process < processes.size(); process++) {
      for (int lane : processes.get(process)) {
        processOf[lane] = process;
      }
    }
    env.reset(JavaClient.SEED);
  }

  @Override
  public Map<String, Double> run(double seconds) {
    step(seconds * JavaClient.WARM_UP_PART);
    calls.clear();
    long start = System.nanoTime();
    long lanes = step(seconds);
    double elapsed = (System.nanoTime() - start) / 1e9;
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(Results.RATE, lanes / elapsed);
    calls.putInto(figures, "call_us");
    return figures;
  }

  /** Steps for so long; the number of lanes that did. */
  private long step(double seconds) {
    for (int process = 0; process < processes.size(); process++) {
      send(process);
    }
    long lanes = 0;
    long now = System.nanoTime();
    long end = now + (long) (seconds * 1e9);
    while (env.underWay() > 0) {
      Received received = env.recv(1);
      now = System.nanoTime();
      lanes += received.envIds().length;
      for (int lane : received.envIds()) {
        int process = processOf[lane];
        if (--due[process] == 0) {
          calls.add(now - sentAt[process]);
          if (now < end) {
            send(process);
          }
        }
      }
    }
    return lanes;
  }

  private void send(int process) {
    List<Value> batches = actions.get(process);
    sentAt[process] = System.nanoTime();
    due[process] = processes.get(process).length;
    env.send(batches.get(batch++ % batches.size()), processes.get(process));
  }

  @Override
  public void close() {
    env.close();
  }
}
