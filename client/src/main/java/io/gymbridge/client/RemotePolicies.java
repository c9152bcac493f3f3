package io.gymbridge.client;

import io.grpc.ManagedChannel;
import io.gymbridge.proto.v1.ListPoliciesRequest;
import io.gymbridge.proto.v1.ListPoliciesResponse;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * What a server of policies offers.
 *
 * @param serverVersion for people
 * @param policies sorted by name
 */
public record RemotePolicies(String serverVersion, List<Summary> policies) {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /**
   * One policy.
   *
   * @param name what follows the address in {@link RemotePolicy#connect(String)}
   * @param version changes when the policy's content does
   */
  public record Summary(String name, String version) {}

  /**
   * Asks the server at an address.
   *
   * @throws io.gymbridge.core.GymException UNAVAILABLE where nobody answers, UNIMPLEMENTED where
   *     the server has no policies
   */
  public static RemotePolicies list(String address) {
    return list(address, Credentials.NONE);
  }

  /** As {@link #list(String)}, of a server that wants TLS or a token. */
  public static RemotePolicies list(String address, Credentials credentials) {
    Address at = Address.parse(address);
    ManagedChannel channel = Channels.open(at, credentials);
    try {
      ListPoliciesResponse answer =
          call(
              at,
              "listing its policies",
              TIMEOUT,
              () ->
                  PolicyServiceGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                      .listPolicies(ListPoliciesRequest.getDefaultInstance()));
      return new RemotePolicies(
          answer.getServerVersion(),
          answer.getPoliciesList().stream()
              .map(summary -> new Summary(summary.getName(), summary.getVersion()))
              .toList());
    } finally {
      channel.shutdownNow();
    }
  }

  static <T> T call(Address address, String doing, Duration timeout, Supplier<T> call) {
    return Dial.call(
        call,
        address,
        doing,
        timeout,
        "policies",
        "python -m gymbridge serve-policy my_policy.py:make --env CartPole-v1");
  }
}
