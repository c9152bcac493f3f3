package io.gymbridge.client;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.CloseSessionRequest;
import io.gymbridge.proto.v1.DescribeSessionRequest;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.SaveStateRequest;
import io.gymbridge.proto.v1.Shard;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.AutoresetCodec;
import io.gymbridge.transport.Channels;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A batch of environments on a server: opens it, sends one request to each shard and gathers the
 * answers, or several and hands out each answer as it comes; has lost shards do again what they
 * did, and knows when it is over. One caller at a time; {@link #close} from any thread.
 */
final class RemoteSession implements ShardStream.Directory {
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

  /** Of servers that do not say. */
  private static final Duration DEFAULT_LEASE = Duration.ofSeconds(60);

  private static final String SAVE_STATE = "save_state";
  private static final String STEP_LANES = "step_lanes";

  /** What each shard is to be asked. */
  @FunctionalInterface
  interface Requests {
    /** Null for a shard that is left out. */
    InteractRequest.@Nullable Builder of(int shard, Lanes lanes);
  }

  /**
   * A request that was begun.
   *
   * @param own the session's own, of which no caller knows
   */
  private record Begun(InteractRequest.Builder request, boolean own) {}

  private final Address address;
  private final SessionOptions options;
  private final ManagedChannel channel;
  private final OpenSessionResponse opened;
  private final Duration lease;
  private final List<ShardStream> shards = new ArrayList<>();
  private final List<ReplayLog> logs = new ArrayList<>();
  private final List<Deque<Begun>> begun = new ArrayList<>();
  private final AnyShard anyShard = new AnyShard();
  private final RequestTimes times = new RequestTimes();
  private final @Nullable String[] losses;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private @Nullable ScheduledFuture<?> beating;
  private volatile @Nullable String over;
  private boolean savesStates;
  private long environmentNanos;
  private long waitedNanos;

  RemoteSession(Address address, String envId, SessionOptions options) {
    this.address = address;
    this.options = options;
    this.opened = SessionOpening.open(address, envId, options);
    this.channel = Channels.open(address, options.credentials(), options.maxMessageBytes());
    this.lease =
        opened.getLeaseSeconds() > 0
            ? Duration.ofNanos((long) (opened.getLeaseSeconds() * 1e9))
            : DEFAULT_LEASE;
    this.savesStates = opened.getCapabilitiesList().contains(SAVE_STATE);
    this.losses = new String[opened.getShardsCount()];
    try {
      attach();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void attach() {
    for (Shard shard : opened.getShardsList()) {
      shards.add(new ShardStream(this, shard, lease, options, times));
      begun.add(new ArrayDeque<>());
      if (options.recovery().replays()) {
        logs.add(new ReplayLog());
      }
    }
    long period = Math.max(1, lease.toNanos() / 12);
    beating = Background.every(period, () -> shards.forEach(ShardStream::beat));
    shards.forEach(ShardStream::open);
  }

  @Override
  public Address locate(Shard shard) {
    return address.resolve(shard.getAddress());
  }

  @Override
  public void describe(Consumer<OpenSessionResponse> tell, Consumer<Status> failure) {
    // A server waits for replacements; meanwhile another shard's lease may want an attach.
    long deadline = Math.min(options.openTimeout().toNanos(), lease.toNanos() / 2);
    Futures.addCallback(
        EnvironmentServiceGrpc.newFutureStub(channel)
            .withDeadlineAfter(deadline, TimeUnit.NANOSECONDS)
            .describeSession(
                DescribeSessionRequest.newBuilder().setSessionId(opened.getSessionId()).build()),
        new FutureCallback<OpenSessionResponse>() {
          @Override
          public void onSuccess(@Nullable OpenSessionResponse session) {
            tell.accept(Objects.requireNonNull(session));
          }

          @Override
          public void onFailure(Throwable thrown) {
            channel.resetConnectBackoff();
            failure.accept(Status.fromThrowable(thrown));
          }
        },
        Background.executor());
  }

  OpenSessionResponse opened() {
    return opened;
  }

  AutoresetMode autoresetMode() {
    return AutoresetCodec.decode(opened.getAutoresetMode());
  }

  /** Which lanes each shard has, in lane order. */
  List<Lanes> lanes() {
    return shards.stream().map(ShardStream::lanes).toList();
  }

  /** Whether a step may be of some of a shard's lanes. */
  boolean stepsLanes() {
    return opened.getCapabilitiesList().contains(STEP_LANES);
  }

  RequestTimes times() {
    return times;
  }

  BridgeStats stats() {
    return new BridgeStats(times.summary(), shards.stream().map(ShardStream::way).toList());
  }

  /** How long the last {@link #exchange} took from its first request to its last answer. */
  long waitedNanos() {
    return waitedNanos;
  }

  /** Time inside the environments for the last request, the longest of any shard. */
  long environmentNanos() {
    return environmentNanos;
  }

  /** How often the process of a shard was replaced. */
  int generation(int shard) {
    return shards.get(shard).generation();
  }

  /**
   * Why a shard is lost, as far as a request has found it so; else null. Nothing is sent to it
   * until {@link #acceptLoss}.
   */
  @Nullable String loss(int shard) {
    return losses[shard];
  }

  /** From now on a shard's lanes are the new ones, which want a reset. */
  void acceptLoss(int shard) {
    shards.get(shard).acceptLoss();
    losses[shard] = null;
    if (!logs.isEmpty()) {
      logs.get(shard).forget("the lanes were lost before");
    }
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
   * @return an answer per shard, in the order of lanes; null where there was no request, and where
   *     the shard is lost, see {@link #loss}
   * @throws GymException what became of the session, which then is over
   */
  @Nullable InteractResponse[] exchange(Requests request, String doing) {
    @Nullable InteractResponse[] answers = send(request, doing);
    if (!logs.isEmpty() && begun.stream().allMatch(Deque::isEmpty)) {
      saveStates();
    }
    return answers;
  }

  /** Sends a shard a request besides those that it has; see {@link #awaitAny}, {@link #end}. */
  void begin(int shard, InteractRequest.Builder request) {
    begin(shard, new Begun(request, false));
  }

  private void begin(int shard, Begun request) {
    begun.get(shard).add(request);
    if (losses[shard] == null) {
      shards.get(shard).send(request.request());
    }
  }

  /**
   * Waits until one of the requests that were begun is answered, of which there are some.
   *
   * @return the shards for which {@link #end} would not wait
   * @throws GymException what became of the session, which then is over
   */
  List<Integer> awaitAny(String doing) {
    checkCalm(doing);
    environmentNanos = 0;
    try {
      while (true) {
        List<Integer> answered = answered(doing);
        if (!answered.isEmpty()) {
          return answered;
        }
        List<ShardStream> asked = new ArrayList<>();
        for (int i = 0; i < shards.size(); i++) {
          if (!begun.get(i).isEmpty()) {
            asked.add(shards.get(i));
          }
        }
        List<ShardStream> unused = anyShard.await(asked, doing);
      }
    } catch (GymException e) {
      throw over(doing, e);
    }
  }

  private List<Integer> answered(String doing) {
    List<Integer> answered = new ArrayList<>();
    for (int i = 0; i < shards.size(); i++) {
      Begun first = begun.get(i).peek();
      while (first != null && first.own() && isAnswered(i)) {
        endOwn(i, doing);
        first = begun.get(i).peek();
      }
      if (first != null && isAnswered(i)) {
        answered.add(i);
      }
    }
    return answered;
  }

  private boolean isAnswered(int shard) {
    return losses[shard] != null || shards.get(shard).isAnswered();
  }

  /**
   * Waits for the answer to the oldest request that was begun for a shard.
   *
   * @return null where the shard is lost: then none of the others that were begun has an answer
   * @throws GymException what became of the session, which then is over
   */
  @Nullable InteractResponse end(int shard, String doing) {
    checkCalm(doing);
    try {
      endOwnFirst(shard, doing);
      InteractResponse answer = await(shard, begun.get(shard).remove().request(), doing);
      if (answer != null) {
        environmentNanos = Math.max(environmentNanos, answer.getEnvironmentNanos());
        saveStateSometimes(shard);
      }
      return answer;
    } catch (GymException e) {
      throw over(doing, e);
    }
  }

  /** Forgets what was begun for a shard that is lost. */
  void forgetBegun(int shard) {
    begun.get(shard).clear();
  }

  private void endOwnFirst(int shard, String doing) {
    for (Begun first = begun.get(shard).peek();
        first != null && first.own();
        first = begun.get(shard).peek()) {
      endOwn(shard, doing);
    }
  }

  private void endOwn(int shard, String doing) {
    InteractResponse answer = await(shard, begun.get(shard).remove().request(), doing);
    if (answer != null) {
      takeSaved(shard, answer);
    }
  }

  private void saveStateSometimes(int shard) {
    if (savesStates
        && !logs.isEmpty()
        && logs.get(shard).size() >= options.recovery().saveEvery()
        && begun.get(shard).stream().noneMatch(Begun::own)) {
      begin(shard, new Begun(saveState(), true));
    }
  }

  private static InteractRequest.Builder saveState() {
    return InteractRequest.newBuilder().setSaveState(SaveStateRequest.getDefaultInstance());
  }

  private void takeSaved(int shard, InteractResponse answer) {
    if (answer.hasSaved()) {
      logs.get(shard).beginWith(answer.getSaved());
    } else {
      // An environment that cannot: it will not be able later on either.
      savesStates = false;
    }
  }

  private void checkCalm(String doing) {
    checkOpen();
    if (Thread.currentThread().isInterrupted()) {
      throw new GymException(Kind.UNAVAILABLE, "this thread was interrupted before " + doing);
    }
  }

  private @Nullable InteractResponse[] send(Requests request, String doing) {
    checkCalm(doing);
    int count = shards.size();
    InteractRequest.@Nullable Builder[] requests = new InteractRequest.Builder[count];
    for (int i = 0; i < count; i++) {
      requests[i] = losses[i] == null ? request.of(i, shards.get(i).lanes()) : null;
    }
    @Nullable InteractResponse[] answers = new InteractResponse[count];
    environmentNanos = 0;
    long started = System.nanoTime();
    try {
      for (int i = 0; i < count; i++) {
        InteractRequest.Builder builder = requests[i];
        if (builder != null) {
          endOwnFirst(i, doing);
          shards.get(i).send(builder);
        }
      }
      for (int i = 0; i < count; i++) {
        InteractRequest.Builder builder = requests[i];
        if (builder != null) {
          InteractResponse answer = await(i, builder, doing);
          answers[i] = answer;
          if (answer != null) {
            environmentNanos = Math.max(environmentNanos, answer.getEnvironmentNanos());
          }
        }
      }
    } catch (GymException e) {
      throw over(doing, e);
    }
    waitedNanos = System.nanoTime() - started;
    return answers;
  }

  private @Nullable InteractResponse await(int i, InteractRequest.Builder request, String doing) {
    if (losses[i] != null) {
      return null;
    }
    ShardStream shard = shards.get(i);
    InteractResponse answer = shard.await(doing, busy());
    if (logs.isEmpty()) {
      losses[i] = answer == null ? shard.loss() : null;
      return answer;
    }
    ReplayLog log = logs.get(i);
    if (answer == null) {
      answer = log.recover(shard, request, doing);
      for (Begun later : answer == null ? List.<Begun>of() : begun.get(i)) {
        shard.send(later.request());
      }
    }
    if (answer == null) {
      losses[i] = log.whyLost();
    } else {
      log.add(request, answer);
    }
    return answer;
  }

  /** How many shards are at work on answers. */
  private int busy() {
    int count = 0;
    for (ShardStream shard : shards) {
      count += shard.isBusy() ? 1 : 0;
    }
    return count;
  }

  /** So that little has to be done again. */
  private void saveStates() {
    int longest = 0;
    for (ReplayLog log : logs) {
      longest = Math.max(longest, log.size());
    }
    if (!savesStates || longest < options.recovery().saveEvery()) {
      return;
    }
    long nanos = environmentNanos;
    @Nullable InteractResponse[] answers = send((shard, lanes) -> saveState(), "saving states");
    for (int i = 0; i < answers.length; i++) {
      InteractResponse answer = answers[i];
      if (answer != null) {
        takeSaved(i, answer);
      }
    }
    environmentNanos = nanos;
  }

  private GymException over(String doing, GymException failure) {
    over =
        "this environment is closed, since an earlier call failed: %s (while %s)"
            .formatted(failure.getMessage(), doing);
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
    ScheduledFuture<?> beats = beating;
    if (beats != null) {
      beats.cancel(false);
    }
    shards.forEach(shard -> shard.close("this environment is closed"));
    anyShard.close();
    channel.resetConnectBackoff();
    EnvironmentServiceGrpc.newFutureStub(channel)
        .withDeadlineAfter(CLOSE_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)
        .closeSession(CloseSessionRequest.newBuilder().setSessionId(opened.getSessionId()).build())
        .addListener(
            () -> {
              channel.shutdownNow();
              closed.countDown();
            },
            Runnable::run);
  }
}
