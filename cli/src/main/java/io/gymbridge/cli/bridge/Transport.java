package io.gymbridge.cli.bridge;

import java.util.List;

/** How the bridge's steps travel. A line here and in {@link #BRIDGE} adds one to the table. */
enum Transport {
  /** None: in one process, or a peer's own. */
  NONE(""),
  /** Shared memory beside a stream on a Unix socket. */
  SHM("shm"),
  GRPC_UNIX("grpc-unix"),
  GRPC_TCP("grpc-tcp"),
  GRPC_TLS("grpc-tls");

  /** Those that are measured wherever the bridge is, the fastest first. */
  static final List<Transport> BRIDGE = List.of(SHM, GRPC_UNIX);

  private final String label;

  Transport(String label) {
    this.label = label;
  }

  /** What the table calls it. */
  String label() {
    return label;
  }
}
