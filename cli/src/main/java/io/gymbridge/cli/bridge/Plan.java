package io.gymbridge.cli.bridge;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Which cells are measured. */
public final class Plan {
  private static final List<Integer> ALL_SIZES = List.of(1, 8, 16, 64);
  private static final List<Integer> ALL_WORKERS = List.of(1, 2, 4);

  private final Set<Cell> cells = new LinkedHashSet<>();

  private Plan() {}

  /** What the targets, the scaling curves and the comparisons need: a few minutes. */
  public static Plan usual() {
    Plan plan = new Plan();
    plan.cartPole();
    plan.scaling(Workload.HALF_CHEETAH);
    plan.manyPhysics(Workload.ANT);
    plan.images(Workload.STACK84);
    plan.images(Workload.SCREEN);
    return plan;
  }

  /** Everything: each size, number of workers and transport in each direction. */
  public static Plan full() {
    Plan plan = usual();
    List<Workload> workloads =
        List.of(
            Workload.CART_POLE,
            Workload.HALF_CHEETAH,
            Workload.ANT,
            Workload.STACK84,
            Workload.SCREEN);
    List<Transport> transports = new ArrayList<>(Transport.BRIDGE);
    transports.addAll(List.of(Transport.GRPC_TCP, Transport.GRPC_TLS));
    for (Workload workload : workloads) {
      plan.remotePeers(workload);
      for (int size : ALL_SIZES) {
        plan.references(workload, size, Kind.SYNC, Kind.ASYNC);
        for (Transport transport : transports) {
          for (int workers : ALL_WORKERS) {
            if (workers <= size) {
              plan.add(new Cell(workload, Kind.JAVA_PYTHON, transport, size, workers));
              plan.add(new Cell(workload, Kind.PYTHON_PYTHON, transport, size, workers));
            }
          }
          if (workload.equals(Workload.CART_POLE)) {
            plan.add(new Cell(workload, Kind.PYTHON_JAVA, transport, size, 1));
          }
        }
        plan.vectorPeers(workload, size, 1);
        plan.vectorPeers(workload, size, 2);
      }
    }
    return plan;
  }

  /** The scaling curves of any environments. */
  public static Plan of(List<String> envIds) {
    Plan plan = new Plan();
    envIds.forEach(id -> plan.scaling(Workload.of(id)));
    return plan;
  }

  /**
   * The cells.
   *
   * @param withPeers whether other people's systems are among them
   * @param only found in the label of each, see {@link Cell#label}
   */
  public List<Cell> cells(boolean withPeers, Pattern only) {
    return cells.stream()
        .filter(cell -> withPeers || !cell.kind().isPeer())
        .filter(cell -> only.matcher(cell.label()).find())
        .toList();
  }

  private void cartPole() {
    Workload env = Workload.CART_POLE;
    references(env, 1, Kind.LOOP);
    references(env, 2, Kind.LOOPS);
    references(env, 16, Kind.SYNC, Kind.ASYNC);
    references(env, 64, Kind.SYNC, Kind.NUMPY);
    bridge(env, Kind.JAVA_PYTHON, 1, 1);
    bridge(env, Kind.JAVA_PYTHON, 64, 1);
    bridge(env, Kind.JAVA_PYTHON, 64, 2);
    bridge(env, Kind.PYTHON_PYTHON, 1, 1);
    bridge(env, Kind.PYTHON_JAVA, 1, 1);
    bridge(env, Kind.PYTHON_JAVA, 64, 1);
    add(new Cell(env, Kind.JAVA_PYTHON, Transport.GRPC_TCP, 1, 1));
    add(new Cell(env, Kind.JAVA_PYTHON, Transport.GRPC_TLS, 1, 1));
    add(new Cell(env, Kind.PYTHON_JAVA, Transport.GRPC_TCP, 64, 1));
    remotePeers(env);
    vectorPeers(env, 64, 2);
  }

  private void scaling(Workload env) {
    references(env, 1, Kind.LOOP);
    references(env, 2, Kind.LOOPS);
    references(env, 16, Kind.SYNC, Kind.ASYNC);
    bridge(env, Kind.JAVA_PYTHON, 1, 1);
    for (int workers : ALL_WORKERS) {
      bridge(env, Kind.JAVA_PYTHON, 16, workers);
    }
    bridge(env, Kind.JAVA_ASYNC, 16, 2);
    bridge(env, Kind.JAVA_PYTHON, 64, 2);
    bridge(env, Kind.PYTHON_PYTHON, 1, 1);
    bridge(env, Kind.PYTHON_PYTHON, 16, 2);
    remotePeers(env);
    vectorPeers(env, 16, 2);
  }

  private void manyPhysics(Workload env) {
    references(env, 1, Kind.LOOP);
    references(env, 2, Kind.LOOPS);
    references(env, 16, Kind.SYNC);
    bridge(env, Kind.JAVA_PYTHON, 16, 2);
    bridge(env, Kind.JAVA_ASYNC, 16, 2);
    vectorPeers(env, 16, 2);
  }

  private void images(Workload env) {
    references(env, 1, Kind.LOOP);
    references(env, 16, Kind.SYNC);
    bridge(env, Kind.JAVA_PYTHON, 1, 1);
    bridge(env, Kind.JAVA_PYTHON, 16, 1);
    bridge(env, Kind.JAVA_PYTHON, 16, 2);
    bridge(env, Kind.PYTHON_PYTHON, 16, 1);
    remotePeers(env);
    // RLMesh takes seconds for a call of 16.
    add(Cell.peer(env, Kind.ENVPOOL, 16, 2));
  }

  private void references(Workload env, int size, Kind... kinds) {
    for (Kind kind : kinds) {
      add(Cell.reference(env, kind, size));
    }
  }

  private void bridge(Workload env, Kind kind, int size, int workers) {
    for (Transport transport : Transport.BRIDGE) {
      add(new Cell(env, kind, transport, size, workers));
    }
  }

  /** Those with a process of their own, for one environment. */
  private void remotePeers(Workload env) {
    add(Cell.peer(env, Kind.RLMESH, 1, 1));
    add(Cell.peer(env, Kind.DM_ENV_RPC, 1, 1));
  }

  /** Those that step many environments; only EnvPool does so with several workers. */
  private void vectorPeers(Workload env, int size, int threads) {
    add(Cell.peer(env, Kind.ENVPOOL, size, threads));
    add(Cell.peer(env, Kind.RLMESH, size, 1));
  }

  private void add(Cell cell) {
    cells.add(cell);
  }
}
