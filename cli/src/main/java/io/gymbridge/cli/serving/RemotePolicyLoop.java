package io.gymbridge.cli.serving;

import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.client.RemotePolicy;
import java.util.Map;

/** The client that a control loop in Java would use: asks, and waits for the answer. */
final class RemotePolicyLoop implements SystemUnderTest {
  private static final double WARM_UP = 0.1;

  private final RemotePolicy policy;

  RemotePolicyLoop(String address) {
    policy = RemotePolicy.connect(address + "/" + BenchPolicy.NAME);
  }

  @Override
  public Map<String, Double> run(double seconds) {
    ask(seconds * WARM_UP, new Latencies());
    Latencies latencies = new Latencies();
    double elapsed = ask(seconds, latencies);
    return Map.of(
        ClosedLoop.RATE, latencies.count() / elapsed,
        ClosedLoop.P50, latencies.micros(50),
        ClosedLoop.P99, latencies.micros(99));
  }

  private double ask(double seconds, Latencies latencies) {
    long began = System.nanoTime();
    long now = began;
    while (now - began < seconds * 1e9) {
      long before = now;
      var unused = policy.act(BenchPolicy.OBSERVATION, true);
      now = System.nanoTime();
      latencies.record(now - before);
    }
    return (now - began) / 1e9;
  }

  @Override
  public void close() {
    policy.close();
  }
}
