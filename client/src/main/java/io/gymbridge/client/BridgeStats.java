package io.gymbridge.client;

import java.util.List;
import java.util.Map;

/**
 * Where the time of a session's requests went. Where the environments live in several processes,
 * each is asked and counted by itself.
 *
 * @param requests by kind: "step", "reset", …
 * @param ways how requests go to each process, in the order of lanes
 */
public record BridgeStats(Map<String, Requests> requests, List<Way> ways) {

  /** Copies both. */
  public BridgeStats {
    requests = Map.copyOf(requests);
    ways = List.copyOf(ways);
  }

  /**
   * Requests of one kind.
   *
   * @param count how many were answered
   * @param bytesSent what they took, as messages
   * @param bytesReceived what their responses took
   * @param total from when a request is sent until its response is there; of this
   * @param environment inside the environments
   * @param serverCodec the server's reading and writing
   * @param queue waiting for earlier requests
   * @param wire all else: sockets or memory, and threads that wake
   * @param clientCodec this side's reading and writing of whole steps, which comes on top
   */
  public record Requests(
      long count,
      long bytesSent,
      long bytesReceived,
      Times total,
      Times environment,
      Times serverCodec,
      Times queue,
      Times wire,
      Times clientCodec) {}

  /** Microseconds, to one in a hundred. */
  public record Times(double mean, double p50, double p99) {}

  /**
   * How requests go to one process.
   *
   * @param lanes "0-7"
   * @param transport {@link Transport#SHM} or {@link Transport#GRPC}
   * @param why it is not shared memory; empty where it is
   */
  public record Way(String lanes, Transport transport, String why) {}
}
