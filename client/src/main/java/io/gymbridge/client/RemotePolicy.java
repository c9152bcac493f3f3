package io.gymbridge.client;

import io.grpc.ManagedChannel;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActStreamRequest;
import io.gymbridge.proto.v1.ActStreamResponse;
import io.gymbridge.proto.v1.DescribePolicyRequest;
import io.gymbridge.proto.v1.DescribePolicyResponse;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.SpaceCodec;
import io.gymbridge.transport.Statuses;
import io.gymbridge.transport.ValueCodec;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A policy that answers from another process: an expert in Python, a network on another machine.
 *
 * <p>Since the server keeps nothing between two requests, a lost connection costs the request that
 * was under way, and the next one connects again. Not thread-safe: one for each thread.
 */
public final class RemotePolicy implements Policy {
  /** How long an answer may take, unless told otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  private final PolicyAddress where;
  private final Duration timeout;
  private final Credentials credentials;
  private ManagedChannel channel;
  private final DescribePolicyResponse description;
  private final Space observationSpace;
  private final Space actionSpace;
  private final ValueCodec observationCodec;
  private final ValueCodec actionCodec;
  private final Map<String, Object> provenance;
  private String version;
  private @Nullable OrderedStream<ActStreamRequest, ActStreamResponse> stream;
  private boolean closed;

  private RemotePolicy(PolicyAddress where, Duration timeout, Credentials credentials) {
    this.where = where;
    this.timeout = timeout;
    this.credentials = credentials;
    this.channel = Channels.open(where.address(), credentials);
    try {
      description = describe();
      version = description.getVersion();
      observationSpace = SpaceCodec.decode(description.getObservationSpace());
      actionSpace = SpaceCodec.decode(description.getActionSpace());
      provenance = ItemCodec.decode(description.getProvenance(), "provenance");
    } catch (RuntimeException e) {
      channel.shutdownNow();
      throw e;
    }
    observationCodec = new ValueCodec(observationSpace);
    actionCodec = new ValueCodec(actionSpace);
  }

  /**
   * Finds a policy on a server, with {@link #DEFAULT_TIMEOUT}.
   *
   * @param address {@code ADDRESS} where there is only one, else {@code ADDRESS/NAME}: {@code
   *     localhost:50051/walker}, {@code unix:/tmp/policies.sock/walker}
   * @throws GymException UNAVAILABLE where nobody answers; NOT_FOUND, naming those there are
   */
  public static RemotePolicy connect(String address) {
    return connect(address, DEFAULT_TIMEOUT, Credentials.NONE);
  }

  /** As {@link #connect(String)}, on a server that wants TLS or a token. */
  public static RemotePolicy connect(String address, Credentials credentials) {
    return connect(address, DEFAULT_TIMEOUT, credentials);
  }

  /**
   * As {@link #connect(String)}.
   *
   * @param timeout how long an answer may take
   * @throws GymException PERMISSION_DENIED where the server wants a token, and this one is not it
   */
  public static RemotePolicy connect(String address, Duration timeout, Credentials credentials) {
    return new RemotePolicy(PolicyAddress.parse(address), timeout, credentials);
  }

  private DescribePolicyResponse describe() {
    DescribePolicyRequest request =
        DescribePolicyRequest.newBuilder().setPolicy(where.name()).build();
    return RemotePolicies.call(
        where.address(),
        "describing a policy",
        timeout,
        () ->
            PolicyServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS)
                .describePolicy(request));
  }

  /** The policy's name on its server. */
  public String name() {
    return description.getName();
  }

  /** The version that answered last. */
  public String version() {
    return version;
  }

  /** Whether {@code deterministic} makes a difference. */
  public boolean stochastic() {
    return description.getStochastic();
  }

  /** How the policy came to be, as far as its author recorded it. */
  public Map<String, Object> provenance() {
    return provenance;
  }

  @Override
  public Space observationSpace() {
    return observationSpace;
  }

  @Override
  public Space actionSpace() {
    return actionSpace;
  }

  /**
   * {@inheritDoc}
   *
   * @throws GymException INVALID_ARGUMENT for observations that do not fit or are not finite;
   *     ENVIRONMENT with its traceback where the policy raises; UNAVAILABLE where the connection
   *     broke; DEADLINE_EXCEEDED
   */
  @Override
  public Value act(Value observations, boolean deterministic) {
    if (closed) {
      throw new GymException(Kind.FAILED_PRECONDITION, "this policy is closed");
    }
    int n = observations.batchSize();
    ActRequest request =
        ActRequest.newBuilder()
            .setPolicy(where.name())
            .setBatchSize(n)
            .setObservations(observationCodec.encode(observations, n, "observations"))
            .setDeterministic(deterministic)
            .build();
    ActStreamResponse answer = ask(request);
    if (answer.hasError()) {
      throw Statuses.decode(answer.getError());
    }
    version = answer.getActed().getVersion();
    return actionCodec.decode(answer.getActed().getActions(), n, "actions");
  }

  private ActStreamResponse ask(ActRequest request) {
    OrderedStream<ActStreamRequest, ActStreamResponse> open = stream;
    if (open == null || open.ended()) {
      open = new OrderedStream<>(channel, PolicyServiceGrpc.getActStreamMethod());
      stream = open;
    }
    open.send(
        ActStreamRequest.newBuilder().setSequence(open.nextSequence()).setAct(request).build());
    ActStreamResponse answer;
    try {
      answer = open.await(System.nanoTime() + timeout.toNanos());
    } catch (GymException e) {
      abandon(open);
      if (e.kind() != Kind.UNAVAILABLE) {
        throw e;
      }
      throw new GymException(
          Kind.UNAVAILABLE,
          "the connection to the policy at %s broke (%s): if its server is up again, so is this policy"
              .formatted(where.address(), e.getMessage()),
          null,
          e);
    }
    if (answer == null) {
      abandon(open);
      throw new GymException(
          Kind.DEADLINE_EXCEEDED,
          "no action from the policy at %s within %s"
              .formatted(where.address(), Durations.describe(timeout)));
    }
    return answer;
  }

  private void abandon(OrderedStream<ActStreamRequest, ActStreamResponse> open) {
    open.cancel("the request was given up");
    stream = null;
    // A channel that failed goes on failing for a while; a new one tries at once.
    channel.shutdownNow();
    channel = Channels.open(where.address(), credentials);
  }

  @Override
  public void close() {
    closed = true;
    if (stream != null) {
      stream.cancel("the policy was closed");
    }
    channel.shutdownNow();
  }
}
