package io.gymbridge.cli.bridge;

import static io.gymbridge.cli.bridge.Kind.ASYNC;
import static io.gymbridge.cli.bridge.Kind.DM_ENV_RPC;
import static io.gymbridge.cli.bridge.Kind.ENVPOOL;
import static io.gymbridge.cli.bridge.Kind.JAVA_ASYNC;
import static io.gymbridge.cli.bridge.Kind.JAVA_PYTHON;
import static io.gymbridge.cli.bridge.Kind.LOOPS;
import static io.gymbridge.cli.bridge.Kind.NUMPY;
import static io.gymbridge.cli.bridge.Kind.PYTHON_JAVA;
import static io.gymbridge.cli.bridge.Kind.PYTHON_PYTHON;
import static io.gymbridge.cli.bridge.Kind.RLMESH;
import static io.gymbridge.cli.bridge.Kind.SYNC;
import static io.gymbridge.cli.bridge.Transport.GRPC_UNIX;
import static io.gymbridge.cli.bridge.Workload.ANT;
import static io.gymbridge.cli.bridge.Workload.CART_POLE;
import static io.gymbridge.cli.bridge.Workload.HALF_CHEETAH;
import static io.gymbridge.cli.bridge.Workload.SCREEN;

import io.gymbridge.cli.bench.Interval;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the bridge should reach on two cores, beside what it reached. */
public final class Targets {
  /**
   * One target.
   *
   * @param atMost whether the measured value should be no more than {@code wanted}, else no less
   * @param measured empty where a cell that it needs was not measured
   */
  record Target(
      String claim, double wanted, boolean atMost, String unit, Optional<Interval> measured) {
    /** Measured by wanted: at most 1 is good where {@code atMost}, at least 1 otherwise. */
    Optional<Double> ratio() {
      return measured.map(interval -> interval.value() / wanted);
    }

    Optional<Boolean> reached() {
      return ratio().map(ratio -> atMost ? ratio <= 1 : ratio >= 1);
    }
  }

  private final Results results;
  private final List<Target> targets = new ArrayList<>();

  private Targets(Results results) {
    this.results = results;
  }

  /** All targets, whether they were measured or not. */
  static List<Target> of(Results results) {
    Targets made = new Targets(results);
    for (Transport transport : Transport.BRIDGE) {
      made.oneStep(transport);
    }
    Transport fastest = Transport.BRIDGE.get(0);
    made.physics(fastest, JAVA_PYTHON);
    made.physics(fastest, JAVA_ASYNC);
    made.cartPoleInJava(fastest);
    made.images(fastest);
    for (Transport transport : Transport.BRIDGE) {
      made.overheads(transport);
    }
    return made.targets;
  }

  private static Cell bridge(Workload env, Kind kind, Transport transport, int size, int workers) {
    return new Cell(env, kind, transport, size, workers);
  }

  private void oneStep(Transport transport) {
    boolean grpc = transport == GRPC_UNIX;
    Cell cell = bridge(HALF_CHEETAH, JAVA_PYTHON, transport, 1, 1);
    String claim =
        "one step over %s, HalfCheetah-v5, beyond the environment, ".formatted(transport.label());
    atMost(claim + "p50", grpc ? 200 : 25, "µs", results.median(cell, "overhead_us_p50"));
    atMost(claim + "p99", grpc ? 1_000 : 100, "µs", results.median(cell, "overhead_us_p99"));
  }

  private void physics(Transport fastest, Kind kind) {
    Cell cheetah = bridge(HALF_CHEETAH, kind, fastest, 16, 2);
    String claim = "HalfCheetah-v5 ×16, 2 workers, %s / ".formatted(driven(kind));
    times(claim + "two loops at once", 0.85, cheetah, Cell.reference(HALF_CHEETAH, LOOPS, 2));
    times(claim + "SyncVectorEnv", 2.2, cheetah, Cell.reference(HALF_CHEETAH, SYNC, 16));
    times(claim + "AsyncVectorEnv", 5, cheetah, Cell.reference(HALF_CHEETAH, ASYNC, 16));
    times(claim + "EnvPool, 2 threads", 0.95, cheetah, Cell.peer(HALF_CHEETAH, ENVPOOL, 16, 2));
    if (fastest != GRPC_UNIX) {
      times(
          "HalfCheetah-v5 ×16, 2 workers, %s: gRPC / shared memory".formatted(driven(kind)),
          0.9,
          bridge(HALF_CHEETAH, kind, GRPC_UNIX, 16, 2),
          cheetah);
    }
    times(
        "Ant-v5 ×16, 2 workers, %s / two loops at once".formatted(driven(kind)),
        0.9,
        bridge(ANT, kind, fastest, 16, 2),
        Cell.reference(ANT, LOOPS, 2));
  }

  private static String driven(Kind kind) {
    return kind == JAVA_ASYNC ? "send/recv" : "step";
  }

  private void cartPoleInJava(Transport fastest) {
    Cell cell = bridge(CART_POLE, PYTHON_JAVA, fastest, 64, 1);
    atLeast(
        "CartPole-v1 in Java ×64, from Python",
        800_000,
        "steps/s",
        results.median(cell, Results.RATE));
    times("CartPole-v1 in Java ×64 / SyncVectorEnv", 8, cell, Cell.reference(CART_POLE, SYNC, 64));
    times(
        "CartPole-v1 in Java ×64 / Gymnasium's NumPy CartPole",
        1,
        cell,
        Cell.reference(CART_POLE, NUMPY, 64));
    times(
        "CartPole-v1 in Java ×64 / EnvPool, 2 threads",
        1,
        cell,
        Cell.peer(CART_POLE, ENVPOOL, 64, 2));
  }

  private void images(Transport fastest) {
    Cell cell = bridge(SCREEN, JAVA_PYTHON, fastest, 16, 1);
    double gigabytesPerStep = SCREEN.imageBytes() / 1e9;
    atLeast(
        "images 210x160x3 ×16",
        3,
        "GB/s",
        results
            .median(cell, Results.RATE)
            .map(
                rate ->
                    new Interval(
                        rate.low() * gigabytesPerStep,
                        rate.value() * gigabytesPerStep,
                        rate.high() * gigabytesPerStep)));
    if (fastest != GRPC_UNIX) {
      times(
          "images 210x160x3 ×16: shared memory / gRPC",
          5,
          cell,
          bridge(SCREEN, JAVA_PYTHON, GRPC_UNIX, 16, 1));
    }
  }

  /** How many times more a step takes beyond a loop in one process. */
  private void overheads(Transport transport) {
    boolean grpc = transport == GRPC_UNIX;
    Map<Kind, Integer> wanted = new LinkedHashMap<>();
    wanted.put(RLMESH, grpc ? 6 : 50);
    wanted.put(DM_ENV_RPC, grpc ? 3 : 25);
    for (Kind client : List.of(JAVA_PYTHON, PYTHON_PYTHON)) {
      Optional<double[]> ours = results.beyond(bridge(CART_POLE, client, transport, 1, 1));
      wanted.forEach(
          (peer, times) ->
              atLeast(
                  "CartPole-v1, a step's overhead: %s / %s %s"
                      .formatted(peer.label(), client.label(), transport.label()),
                  times,
                  "×",
                  results
                      .beyond(Cell.peer(CART_POLE, peer, 1, 1))
                      .flatMap(theirs -> ours.map(own -> Interval.ratio(theirs, own)))));
    }
  }

  private void times(String claim, double wanted, Cell ours, Cell other) {
    atLeast(claim, wanted, "×", results.ratio(ours, other));
  }

  private void atLeast(String claim, double wanted, String unit, Optional<Interval> measured) {
    targets.add(new Target(claim, wanted, false, unit, measured));
  }

  private void atMost(String claim, double wanted, String unit, Optional<Interval> measured) {
    targets.add(new Target(claim, wanted, true, unit, measured));
  }
}
