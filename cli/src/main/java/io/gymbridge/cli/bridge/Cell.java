package io.gymbridge.cli.bridge;

/**
 * One cell of the table.
 *
 * @param workers processes or threads that step the environments
 */
public record Cell(Workload workload, Kind kind, Transport transport, int numEnvs, int workers) {
  static Cell reference(Workload workload, Kind kind, int numEnvs) {
    int workers = kind == Kind.ASYNC || kind == Kind.LOOPS ? numEnvs : 1;
    return new Cell(workload, kind, Transport.NONE, numEnvs, workers);
  }

  static Cell peer(Workload workload, Kind kind, int numEnvs, int workers) {
    return new Cell(workload, kind, Transport.NONE, numEnvs, workers);
  }

  /** E.g. {@code HalfCheetah-v5 java-python grpc-unix 16x2}: 16 environments on 2 workers. */
  public String label() {
    return "%s %s %s%dx%d"
        .formatted(
            workload.name(),
            kind.label(),
            transport == Transport.NONE ? "" : transport.label() + " ",
            numEnvs,
            workers);
  }

  /**
   * What steps as many environments of this kind in one process, without a bridge: what its calls
   * are compared with.
   */
  Cell inProcess() {
    return reference(workload, numEnvs == 1 ? Kind.LOOP : Kind.SYNC, numEnvs);
  }
}
