package io.gymbridge.client;

/** What becomes of large messages on a gRPC stream; those in shared memory stay as they are. */
public enum Compression {
  /** They are sent as they are. */
  NONE,
  /**
   * They are compressed where the server can do with that: for pictures over a network. On one
   * machine it only costs.
   */
  GZIP
}
