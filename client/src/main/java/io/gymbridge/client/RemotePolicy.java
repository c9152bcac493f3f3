package io.gymbridge.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActResponse;
import io.gymbridge.proto.v1.ActStreamRequest;
import io.gymbridge.proto.v1.ActStreamResponse;
import io.gymbridge.proto.v1.DescribePolicyRequest;
import io.gymbridge.proto.v1.DescribePolicyResponse;
import io.gymbridge.proto.v1.Draw;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.transport.Credentials;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.SpaceCodec;
import io.gymbridge.transport.Statuses;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A policy that answers from another process: an expert in Python, a network on another machine.
 *
 * <p>A lost connection costs the request that was under way, and the next one connects again. What
 * the server keeps between two requests goes with the connection: the versions with which the rows'
 * episodes began, and their recurrent state; new episodes begin then. Not thread-safe: one for each
 * thread.
 */
public final class RemotePolicy implements Policy {
  /** How long an answer may take, unless told otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  private final PolicyAddress where;
  private final Duration timeout;
  private final Credentials credentials;
  private final @Nullable Duration hedgeAfter;
  private ManagedChannel channel;
  private final DescribePolicyResponse description;
  private final Space observationSpace;
  private final Space actionSpace;
  private final ValueCodec observationCodec;
  private final ValueCodec actionCodec;
  private final @Nullable Space stateSpace;
  private final @Nullable ValueCodec stateCodec;
  private final Map<String, Object> provenance;
  private boolean beginAll;
  private boolean @Nullable [] beginning;
  private String version;
  private @Nullable OrderedStream<ActStreamRequest, ActStreamResponse> stream;
  private boolean closed;

  private RemotePolicy(
      PolicyAddress where,
      Duration timeout,
      Credentials credentials,
      @Nullable Duration hedgeAfter) {
    this.where = where;
    this.timeout = timeout;
    this.credentials = credentials;
    this.hedgeAfter = hedgeAfter;
    this.channel = where.open(credentials, hedgeAfter);
    try {
      description = describe();
      version = description.getVersion();
      observationSpace = SpaceCodec.decode(description.getObservationSpace());
      actionSpace = SpaceCodec.decode(description.getActionSpace());
      stateSpace =
          description.hasStateSpace() ? SpaceCodec.decode(description.getStateSpace()) : null;
      provenance = ItemCodec.decode(description.getProvenance(), "provenance");
    } catch (RuntimeException e) {
      channel.shutdownNow();
      throw e;
    }
    observationCodec = new ValueCodec(observationSpace);
    actionCodec = new ValueCodec(actionSpace);
    stateCodec = stateSpace == null ? null : new ValueCodec(stateSpace);
  }

  /**
   * Finds a policy on a server, with {@link #DEFAULT_TIMEOUT}.
   *
   * @param address {@code ADDRESS} where there is only one, else {@code ADDRESS/NAME}: {@code
   *     localhost:50051/walker}, {@code unix:/tmp/policies.sock/walker}. Of several servers with
   *     the same policies, {@code a:50051,b:50051/walker}, each stream and each call takes one in
   *     its turn, and what a lost one did not answer another is asked, but for recurrent policies
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
    return connect(address, timeout, credentials, null);
  }

  /**
   * As {@link #connect(String, Duration, Credentials)}, to several servers, whose slowest answers
   * {@link #actAsync} does not wait for: what costs calls twice in the worst case cuts off the tail
   * of their latencies.
   *
   * @param hedgeAfter how long a call of {@link #actAsync} waits for its answer before the server
   *     whose turn it is then is asked too, usually another; more than 0, about the 95th percentile
   *     of the latencies. Where a server has too much to do that happens at once. The first answer
   *     counts. Null for never
   */
  public static RemotePolicy connect(
      String address, Duration timeout, Credentials credentials, @Nullable Duration hedgeAfter) {
    if (hedgeAfter != null && (hedgeAfter.isZero() || hedgeAfter.isNegative())) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "got hedgeAfter %s, expected more than 0".formatted(hedgeAfter));
    }
    return new RemotePolicy(PolicyAddress.parse(address), timeout, credentials, hedgeAfter);
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

  /** Of the recurrent state of one episode; null for a policy without. */
  public @Nullable Space stateSpace() {
    return stateSpace;
  }

  /** Whether {@link ActOptions#mask} is understood. */
  public boolean masks() {
    return description.getMasks();
  }

  /** Whether {@link ActOptions#value} is understood. */
  public boolean values() {
    return description.getValues();
  }

  /**
   * Begins new episodes in all rows with the next observations: the version in service is taken,
   * and recurrent state is zero. Until then each keeps the version that it began with, whatever is
   * put into service.
   */
  public void beginEpisode() {
    beginAll = true;
  }

  /** {@inheritDoc} The others keep the version of the policy that they began with. */
  @Override
  public void beginEpisodes(boolean[] rows) {
    beginning = rows.clone();
  }

  /**
   * {@inheritDoc}
   *
   * @throws GymException INVALID_ARGUMENT for observations that do not fit or are not finite;
   *     ENVIRONMENT with its traceback where the policy raises; UNAVAILABLE where the connection
   *     broke; RESOURCE_EXHAUSTED where the server has too much to do; DEADLINE_EXCEEDED
   */
  @Override
  public Value act(Value observations, boolean deterministic) {
    return act(observations, deterministic ? ActOptions.DETERMINISTIC : ActOptions.SAMPLED)
        .actions();
  }

  /**
   * One action for each observation, and whatever else is asked for. Rows are episodes that go on
   * from one call to the next; see {@link #beginEpisode}.
   *
   * @throws GymException as {@link #act(Value, boolean)}; INVALID_ARGUMENT also for masks and
   *     states that do not fit; NOT_FOUND where the version is not in service
   */
  public Acted act(Value observations, ActOptions options) {
    ActRequest.Builder request = request(observations, options);
    int n = request.getBatchSize();
    boolean[] begin = beginning;
    if (beginAll) {
      begin = new boolean[n];
      Arrays.fill(begin, true);
    }
    if (begin != null) {
      request.setEpisodeStarts(flags(begin));
    }
    ActStreamResponse answer = askAny(request.build());
    if (answer.hasError()) {
      throw Statuses.decode(answer.getError());
    }
    beginAll = false;
    beginning = null;
    Acted acted = decode(answer.getActed(), n);
    version = acted.versions().get(0);
    return acted;
  }

  /**
   * As {@link #act(Value, ActOptions)}, in a call of its own that belongs to no episode, and whose
   * answer comes later: any number may be under way. It completes with the {@link GymException}
   * that the other would throw.
   */
  public CompletableFuture<Acted> actAsync(Value observations, ActOptions options) {
    if (closed) {
      throw new GymException(Kind.FAILED_PRECONDITION, "this policy is closed");
    }
    ActRequest request = request(observations, options).build();
    CompletableFuture<Acted> future = new CompletableFuture<>();
    PolicyServiceGrpc.newStub(channel)
        .withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS)
        .act(
            request,
            new StreamObserver<>() {
              @Override
              public void onNext(ActResponse response) {
                try {
                  future.complete(decode(response, request.getBatchSize()));
                } catch (GymException e) {
                  future.completeExceptionally(e);
                }
              }

              @Override
              public void onError(Throwable failure) {
                future.completeExceptionally(Statuses.decode(failure));
              }

              @Override
              public void onCompleted() {
                // Each answer has completed the future already.
              }
            });
    return future;
  }

  private ActRequest.Builder request(Value observations, ActOptions options) {
    if (closed) {
      throw new GymException(Kind.FAILED_PRECONDITION, "this policy is closed");
    }
    int n = observations.batchSize();
    ActRequest.Builder request =
        ActRequest.newBuilder()
            .setPolicy(where.name())
            .setBatchSize(n)
            .setObservations(observationCodec.encode(observations, n, "observations"))
            .setDeterministic(options.deterministic())
            .setVersion(options.version())
            .setLogProbability(options.logProbability())
            .setValue(options.value())
            .setNextState(options.nextState());
    ActOptions.Draw draw = options.draw();
    if (draw != null) {
      request.setDraw(Draw.newBuilder().setSeed(draw.seed()).setStep(draw.step()));
    }
    NdArray mask = options.mask();
    if (mask != null) {
      request.setActionMask(ByteString.copyFrom(mask.data()));
    }
    Value state = options.state();
    if (state != null) {
      if (stateCodec == null) {
        throw new GymException(
            Kind.INVALID_ARGUMENT, "the policy %s has no recurrent state".formatted(name()));
      }
      request.setState(stateCodec.encode(state, n, "state"));
    }
    return request;
  }

  private Acted decode(ActResponse response, int n) {
    double[] logs = null;
    if (!response.getLogProbabilities().isEmpty()) {
      logs = new double[n];
      little(response.getLogProbabilities(), 8 * n).asDoubleBuffer().get(logs);
    }
    float[] values = null;
    if (!response.getValues().isEmpty()) {
      values = new float[n];
      little(response.getValues(), 4 * n).asFloatBuffer().get(values);
    }
    Value state = null;
    if (stateCodec != null && response.getState().getBuffersCount() > 0) {
      state = stateCodec.decode(response.getState(), n, "state");
    }
    return new Acted(
        actionCodec.decode(response.getActions(), n, "actions"),
        response.getRowVersionsCount() == 0
            ? List.of(response.getVersion())
            : List.copyOf(response.getRowVersionsList()),
        response.getDigest(),
        logs,
        values,
        state);
  }

  private static ByteBuffer little(ByteString bytes, int size) {
    if (bytes.size() != size) {
      throw new GymException(
          Kind.INTERNAL, "got %d bytes of numbers, expected %d".formatted(bytes.size(), size));
    }
    return bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteString flags(boolean[] flags) {
    byte[] bytes = new byte[flags.length];
    for (int i = 0; i < flags.length; i++) {
      bytes[i] = (byte) (flags[i] ? 1 : 0);
    }
    return UnsafeByteOperations.unsafeWrap(bytes);
  }

  /** Asks; another server where the first is lost, unless the episodes' memory is lost with it. */
  private ActStreamResponse askAny(ActRequest request) {
    for (int others = where.servers().size() - 1; ; others--) {
      try {
        return ask(request);
      } catch (GymException e) {
        if (e.kind() != Kind.UNAVAILABLE || others == 0 || stateSpace != null) {
          throw e;
        }
      }
    }
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
    channel = where.open(credentials, hedgeAfter);
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
