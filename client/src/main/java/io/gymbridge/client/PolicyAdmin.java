package io.gymbridge.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.ConfigurePolicyRequest;
import io.gymbridge.proto.v1.ListPoliciesRequest;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.proto.v1.PolicySummary;
import io.gymbridge.proto.v1.PolicyVersion;
import io.gymbridge.proto.v1.PublishHeader;
import io.gymbridge.proto.v1.PublishPolicyRequest;
import io.gymbridge.proto.v1.PublishPolicyResponse;
import io.gymbridge.proto.v1.RefusedVersion;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import io.gymbridge.transport.Statuses;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Puts policies into service on a server, and says which versions are. Thread-safe. */
public final class PolicyAdmin implements AutoCloseable {
  /** A gate may play episodes first. */
  private static final Duration TIMEOUT = Duration.ofMinutes(10);

  private static final int CHUNK = 1 << 20;

  private final Address address;
  private final ManagedChannel channel;

  /**
   * One policy.
   *
   * @param version the one in service
   * @param versions all in service with their digests
   * @param labels versions by label
   * @param refused what was found and is not in service, and why
   */
  public record Summary(
      String name,
      String version,
      Map<String, String> versions,
      Map<String, String> labels,
      Map<String, String> refused) {}

  /**
   * Which versions are in service, and as what.
   *
   * @param latest the newest so many; 0 where {@code versions} says which
   * @param versions these and no others; empty where {@code latest} says how many
   * @param labels versions by label; what "stable" names answers those who name no version
   * @param canaryShare share, 0 … 1, of episodes without a version that "canary" gets
   */
  public record Lineup(
      int latest, List<String> versions, Map<String, String> labels, double canaryShare) {}

  /**
   * What was published.
   *
   * @param digest twelve hexadecimal digits of its content
   * @param checks what it had to pass, for people
   */
  public record Published(String version, String digest, List<String> checks) {}

  private PolicyAdmin(Address address, Credentials credentials) {
    this.address = address;
    this.channel = Channels.open(address, credentials);
  }

  /** A connection, made with the first call. */
  public static PolicyAdmin connect(String address, Credentials credentials) {
    return new PolicyAdmin(Address.parse(address), credentials);
  }

  /**
   * What is there, sorted by name.
   *
   * @throws GymException UNAVAILABLE where nobody answers; PERMISSION_DENIED
   */
  public List<Summary> list() {
    return call(
            "listing its policies",
            () -> stub().listPolicies(ListPoliciesRequest.getDefaultInstance()))
        .getPoliciesList()
        .stream()
        .map(PolicyAdmin::summary)
        .toList();
  }

  private static Summary summary(PolicySummary summary) {
    Map<String, String> versions = new TreeMap<>();
    Map<String, String> labels = new TreeMap<>();
    Map<String, String> refused = new TreeMap<>();
    for (PolicyVersion version : summary.getVersionsList()) {
      versions.put(version.getVersion(), version.getDigest());
      version.getLabelsList().forEach(label -> labels.put(label, version.getVersion()));
    }
    for (RefusedVersion version : summary.getRefusedList()) {
      refused.put(version.getVersion(), version.getReason());
    }
    return new Summary(summary.getName(), summary.getVersion(), versions, labels, refused);
  }

  /**
   * Says which versions of a policy are in service.
   *
   * @throws GymException NOT_FOUND, INVALID_ARGUMENT, PERMISSION_DENIED; nothing has changed then
   */
  public Summary configure(String policy, Lineup lineup) {
    ConfigurePolicyRequest request =
        ConfigurePolicyRequest.newBuilder()
            .setPolicy(policy)
            .setLineup(
                io.gymbridge.proto.v1.Lineup.newBuilder()
                    .setLatest(lineup.latest())
                    .addAllVersions(lineup.versions())
                    .putAllLabels(lineup.labels())
                    .setCanaryShare(lineup.canaryShare()))
            .build();
    return summary(call("configuring a policy", () -> stub().configurePolicy(request)).getPolicy());
  }

  /** As {@link #publish(String, byte[], String, List)}, under the next number. */
  public Published publish(String policy, byte[] bundle) {
    return publish(policy, bundle, "", List.of());
  }

  /**
   * Puts a bundle into service; returns when it is on the server's disk and has passed its checks.
   *
   * @param policy its name, new or known
   * @param bundle as {@code PolicyBundle.toBytes} makes it
   * @param version its version; empty for the next number
   * @param labels that it gets
   * @throws GymException INVALID_ARGUMENT or FAILED_PRECONDITION with the reason why it is not
   *     taken, PERMISSION_DENIED, RESOURCE_EXHAUSTED where it is too large or the disk is full;
   *     nothing has changed then
   */
  public Published publish(String policy, byte[] bundle, String version, List<String> labels) {
    PublishPolicyResponse answer =
        call("publishing a policy", () -> send(policy, bundle, version, labels));
    return new Published(
        answer.getVersion(), answer.getDigest(), List.copyOf(answer.getChecksList()));
  }

  private PublishPolicyResponse send(
      String policy, byte[] bundle, String version, List<String> labels) {
    CompletableFuture<PublishPolicyResponse> answer = new CompletableFuture<>();
    StreamObserver<PublishPolicyRequest> requests =
        PolicyServiceGrpc.newStub(channel)
            .withDeadlineAfter(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
            .publishPolicy(
                new StreamObserver<>() {
                  @Override
                  public void onNext(PublishPolicyResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answer.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {
                    answer.completeExceptionally(
                        new GymException(Kind.INTERNAL, "the server gave no answer"));
                  }
                });
    requests.onNext(
        PublishPolicyRequest.newBuilder()
            .setHeader(
                PublishHeader.newBuilder()
                    .setPolicy(policy)
                    .setVersion(version)
                    .setSize(bundle.length)
                    .setSha256(sha256(bundle))
                    .addAllLabels(labels))
            .build());
    for (int from = 0; from < bundle.length && !answer.isDone(); from += CHUNK) {
      int length = Math.min(CHUNK, bundle.length - from);
      requests.onNext(
          PublishPolicyRequest.newBuilder()
              .setChunk(UnsafeByteOperations.unsafeWrap(bundle, from, length))
              .build());
    }
    requests.onCompleted();
    try {
      return answer.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw Statuses.decode(e.getCause() == null ? e : e.getCause());
    } catch (TimeoutException e) {
      throw new GymException(
          Kind.DEADLINE_EXCEEDED, "the server took too long to try the policy", null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GymException(Kind.UNAVAILABLE, "interrupted", null, e);
    }
  }

  private static ByteString sha256(byte[] bundle) {
    try {
      return ByteString.copyFrom(MessageDigest.getInstance("SHA-256").digest(bundle));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private PolicyServiceGrpc.PolicyServiceBlockingStub stub() {
    return PolicyServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
  }

  private <T> T call(String doing, Supplier<T> call) {
    return RemotePolicies.call(address, doing, TIMEOUT, call);
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
