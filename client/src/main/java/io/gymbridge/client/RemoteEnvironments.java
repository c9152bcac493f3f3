package io.gymbridge.client;

import io.grpc.ManagedChannel;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.ListEnvironmentsRequest;
import io.gymbridge.proto.v1.ListEnvironmentsResponse;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What a server of environments offers.
 *
 * @param serverVersion for people
 * @param environments in the server's order
 */
public record RemoteEnvironments(String serverVersion, List<Summary> environments) {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /**
   * One environment.
   *
   * @param envId what {@link RemoteVectorEnv#connect(String, String)} takes
   * @param defaultNumEnvs lanes of a session that does not say how many
   * @param allowedKwargs names that {@link SessionOptions#kwargs} may have
   */
  public record Summary(String envId, int defaultNumEnvs, List<String> allowedKwargs) {}

  /**
   * Asks the server at an address.
   *
   * @throws io.gymbridge.core.GymException UNAVAILABLE where nobody answers, UNIMPLEMENTED where
   *     the server has no environments
   */
  public static RemoteEnvironments list(String address) {
    return list(address, Credentials.NONE);
  }

  /** As {@link #list(String)}, of a server that wants TLS or a token. */
  public static RemoteEnvironments list(String address, Credentials credentials) {
    Address at = Address.parse(address);
    ManagedChannel channel = Channels.open(at, credentials);
    try {
      ListEnvironmentsResponse answer =
          Dial.call(
              () ->
                  EnvironmentServiceGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                      .listEnvironments(ListEnvironmentsRequest.getDefaultInstance()),
              at,
              "listing its environments",
              TIMEOUT,
              "environments",
              starter("CartPole-v1"));
      return new RemoteEnvironments(
          answer.getServerVersion(),
          answer.getEnvironmentsList().stream()
              .map(
                  summary ->
                      new Summary(
                          summary.getEnvId(),
                          summary.getDefaultNumEnvs(),
                          List.copyOf(summary.getAllowedKwargsList())))
              .toList());
    } finally {
      channel.shutdownNow();
    }
  }

  /** The command that starts a server of an environment, up to its address. */
  static String starter(String envId) {
    return "python -m gymbridge serve-env " + (envId.isEmpty() ? "CartPole-v1" : envId);
  }
}
