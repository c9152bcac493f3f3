package io.gymbridge.client;

/** How steps travel between a client and a shard, beside the stream that both always have. */
public enum Transport {
  /** Through shared memory where the server is on this host and offers it, else as GRPC. */
  AUTO,
  /** Through shared memory; a shard that cannot be reached so is an error. */
  SHM,
  /** On the gRPC stream only. */
  GRPC
}
