package io.gymbridge.client;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.ManagedChannel;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.AttachRequest;
import io.gymbridge.proto.v1.CloseSessionRequest;
import io.gymbridge.proto.v1.CloseSessionResponse;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.Shard;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.ItemCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A batch of environments on a server: opens it, sends one request to each shard and gathers the
 * answers, and knows when it is over. One caller at a time; {@link #close} from any thread.
 */
final class RemoteSession {
  private static final int PROTOCOL_REVISION = 1;
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  /** Some lanes, and the stream to the process that has them. */
  record Lanes(
      int first,
      int count,
      Address address,
      OrderedStream<InteractRequest, InteractResponse> stream) {
    boolean has(int lane) {
      return lane >= first && lane < first + count;
    }

    @Override
    public String toString() {
      String which = count == 1 ? "lane " + first : "lanes " + first + "–" + (first + count - 1);
      return which + " at " + address;
    }
  }

  private final Address address;
  private final SessionOptions options;
  private final Map<Address, ManagedChannel> channels = new HashMap<>();
  private final List<Lanes> shards = new ArrayList<>();
  private final OpenSessionResponse opened;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile @Nullable String over;
  private long environmentNanos;

  RemoteSession(Address address, String envId, SessionOptions options) {
    this.address = address;
    this.options = options;
    try {
      this.opened = open(envId);
    } catch (RuntimeException e) {
      channels.values().forEach(ManagedChannel::shutdownNow);
      throw e;
    }
    try {
      attach();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private ManagedChannel channel(Address to) {
    return channels.computeIfAbsent(
        to, a -> Channels.open(a, options.credentials(), options.maxMessageBytes()));
  }

  private OpenSessionResponse open(String envId) {
    OpenSessionRequest.Builder request =
        OpenSessionRequest.newBuilder()
            .setProtocolRevision(PROTOCOL_REVISION)
            .setEnvId(envId)
            .setNumEnvs(options.numEnvs())
            .setAutoresetMode(Autoreset.encode(options.autoresetMode()))
            .setInfoMode(options.infos() ? InfoMode.INFO_MODE_ALL : InfoMode.INFO_MODE_NONE)
            .setRenderMode(options.renderMode())
            .setMaxShards(options.maxShards());
    if (!options.kwargs().isEmpty()) {
      request.setKwargs(ItemCodec.encode(options.kwargs(), "kwargs"));
    }
    EnvironmentServiceGrpc.EnvironmentServiceBlockingStub stub =
        EnvironmentServiceGrpc.newBlockingStub(channel(address))
            .withDeadlineAfter(options.openTimeout().toNanos(), TimeUnit.NANOSECONDS);
    return Dial.call(
        () -> stub.openSession(request.build()),
        address,
        "opening " + envId,
        options.openTimeout(),
        "environments",
        RemoteEnvironments.starter(envId));
  }

  private void attach() {
    int next = 0;
    for (Shard shard : opened.getShardsList()) {
      if (shard.getFirstLane() != next || shard.getNumEnvs() < 1) {
        throw new GymException(
            Kind.INTERNAL, "the server at " + address + " gave shards that do not join");
      }
      Address at = address.resolve(shard.getAddress());
      shards.add(
          new Lanes(
              next,
              shard.getNumEnvs(),
              at,
              new OrderedStream<>(channel(at), EnvironmentServiceGrpc.getInteractMethod(), 0)));
      next += shard.getNumEnvs();
    }
    if (next < 1 || next != opened.getNumEnvs()) {
      throw new GymException(
          Kind.INTERNAL, "the server at %s gave shards of %d lanes".formatted(address, next));
    }
    int[] index = {0};
    exchange(
        lanes ->
            InteractRequest.newBuilder()
                .setAttach(
                    AttachRequest.newBuilder().setToken(opened.getShards(index[0]++).getToken())),
        "attaching",
        options.openTimeout());
  }

  OpenSessionResponse opened() {
    return opened;
  }

  AutoresetMode autoresetMode() {
    return Autoreset.decode(opened.getAutoresetMode());
  }

  List<Lanes> shards() {
    return shards;
  }

  /** Time inside the environments for the last request, the longest of any shard. */
  long environmentNanos() {
    return environmentNanos;
  }

  /** Throws FAILED_PRECONDITION with the reason, once the session is over. */
  void checkOpen() {
    String why = over;
    if (why != null) {
      throw new GymException(Kind.FAILED_PRECONDITION, why);
    }
  }

  /**
   * Sends each shard its request, and waits for all answers.
   *
   * @param request null for a shard that is left out
   * @return an answer per shard, in the order of lanes; null where there was no request
   * @throws GymException what a shard answered, when all have; or what became of the session, which
   *     then is over
   */
  @Nullable InteractResponse[] exchange(
      Function<Lanes, InteractRequest.@Nullable Builder> request, String doing) {
    return exchange(request, doing, options.stepTimeout());
  }

  private @Nullable InteractResponse[] exchange(
      Function<Lanes, InteractRequest.@Nullable Builder> request, String doing, Duration timeout) {
    checkOpen();
    if (Thread.currentThread().isInterrupted()) {
      throw new GymException(Kind.UNAVAILABLE, "this thread was interrupted before " + doing);
    }
    InteractRequest[] requests = new InteractRequest[shards.size()];
    for (int i = 0; i < requests.length; i++) {
      InteractRequest.Builder builder = request.apply(shards.get(i));
      if (builder != null) {
        long sequence = shards.get(i).stream().nextSequence();
        requests[i] =
            builder.setSequence(sequence).setAcknowledged(Math.max(0, sequence - 1)).build();
      }
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    for (int i = 0; i < requests.length; i++) {
      if (requests[i] != null) {
        shards.get(i).stream().send(requests[i]);
      }
    }
    environmentNanos = 0;
    @Nullable InteractResponse[] answers = new InteractResponse[requests.length];
    for (int i = 0; i < requests.length; i++) {
      if (requests[i] != null) {
        answers[i] = await(shards.get(i), requests[i].getSequence(), deadline, doing, timeout);
        environmentNanos = Math.max(environmentNanos, answers[i].getEnvironmentNanos());
      }
    }
    return answers;
  }

  private InteractResponse await(
      Lanes lanes, long sequence, long deadline, String doing, Duration timeout) {
    InteractResponse answer;
    try {
      answer = lanes.stream().await(deadline);
    } catch (GymException e) {
      throw over(lanes, doing, e);
    }
    if (answer == null) {
      throw over(
          new GymException(
              Kind.DEADLINE_EXCEEDED,
              ("no answer from %s to %s within %s: the environment hangs, or is slower than that."
                      + " Give it longer with stepTimeout, or look at the server's output")
                  .formatted(lanes, doing, Durations.describe(timeout))));
    }
    if (answer.getSequence() != sequence) {
      throw over(
          new GymException(
              Kind.INTERNAL,
              "%s answered request %d, expected %d"
                  .formatted(lanes, answer.getSequence(), sequence)));
    }
    return answer;
  }

  private GymException over(Lanes lanes, String doing, GymException end) {
    String message =
        end.kind() == Kind.UNAVAILABLE
            ? ("the connection to %s ended while %s (%s): the worker process died or was stopped."
                    + " Look at the server's output, and open the environment again")
                .formatted(lanes, doing, end.getMessage())
            : "%s, while %s: %s".formatted(lanes, doing, end.getMessage());
    return over(new GymException(end.kind(), message, null, end));
  }

  private GymException over(GymException failure) {
    over = "this environment is closed, since an earlier call failed: " + failure.getMessage();
    beginClose();
    return failure;
  }

  /** Ends the session; waits a few seconds at most. Closing twice is allowed. */
  void close() {
    if (over == null) {
      over = "this environment is closed";
    }
    beginClose();
    boolean interrupted = false;
    long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
    while (true) {
      try {
        closed.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void beginClose() {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    ListenableFuture<CloseSessionResponse> answer =
        EnvironmentServiceGrpc.newFutureStub(channel(address))
            .withDeadlineAfter(CLOSE_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
            .closeSession(
                CloseSessionRequest.newBuilder().setSessionId(opened.getSessionId()).build());
    answer.addListener(
        () -> {
          shards.forEach(lanes -> lanes.stream().cancel("the environment was closed"));
          channels.values().forEach(ManagedChannel::shutdownNow);
          closed.countDown();
        },
        Runnable::run);
  }
}
