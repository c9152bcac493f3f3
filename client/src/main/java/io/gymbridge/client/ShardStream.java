package io.gymbridge.client;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.AttachResponse;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.Shard;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Statuses;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One shard, whichever stream it has just now. One caller sends requests, and waits for their
 * answers in the same order; that each answer comes once, whatever becomes of connections, is this
 * class's doing:
 *
 * <ul>
 *   <li>As many requests are on the way as the server allows; more of them wait here.
 *   <li>A request that stays unanswered is sent again, with its number.
 *   <li>A stream that breaks, or on which nothing comes any more, is replaced by another one, after
 *       pauses that grow, as long as the lease may last; the requests under way are sent on that.
 *   <li>Where the shard cannot be attached, the server is asked what became of it. A higher
 *       generation is another process with new lanes: the shard is <i>lost</i>, until {@link
 *       #acceptLoss} says that the caller knows.
 *   <li>Where the server is on this host, requests and answers go through shared memory. The
 *       caller's own thread reads there. What is wrong with it, or does not fit, goes on the
 *       stream; from one way to the other only when all are answered, so that they stay in order.
 *   <li>A stream that was silent for a sixth of the lease sends a heartbeat.
 * </ul>
 *
 * <p>All that goes on by itself, in the background, between two requests as well. What cannot be
 * mended is thrown by the next {@link #await}.
 */
final class ShardStream extends Waiting implements ShardConnection.Owner {
  /** What a server may need beyond the step timeout to notice it, and the answer to arrive. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final int MAX_UNANSWERED = 3;
  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Where the shards of a session are asked for. */
  interface Directory {
    /** Resolves a shard's address. */
    Address locate(Shard shard);

    /** Asks what the session's shards are now; tells one of the two, on another thread. */
    void describe(Consumer<OpenSessionResponse> shards, Consumer<Status> failure);
  }

  private final Directory directory;
  private final SessionOptions options;
  private final RequestTimes times;
  private final Lanes lanes;
  private final long leaseNanos;
  private final long resendNanos;
  private final long patienceNanos;

  private Shard shard;
  private Address address;
  private boolean local;
  private volatile @Nullable ShardConnection connection;
  private long attachesSent;
  private long epoch;
  private boolean describeFirst;
  private int tries;
  private int unanswered;
  private String problem = "";
  private final Requests requests = new Requests();
  private final Arena arena = new Arena();
  private int window = 1;

  /** Whether the requests under way are all in the shared memory. */
  private volatile boolean inMemory;

  private long lastSent = System.nanoTime();
  private long lastContact = System.nanoTime();
  private boolean opening = true;
  private long waitingSince;
  private long resendAt;
  private volatile long dueFrom;
  private volatile boolean attached;
  private volatile @Nullable Waiting watcher;
  private volatile @Nullable String loss;
  private volatile @Nullable GymException failure;

  ShardStream(
      Directory directory,
      Shard shard,
      Duration lease,
      SessionOptions options,
      RequestTimes times) {
    this.directory = directory;
    this.times = times;
    this.options = options;
    this.shard = shard;
    this.address = directory.locate(shard);
    this.local = address.isLocal();
    this.lanes = new Lanes(shard.getFirstLane(), shard.getNumEnvs());
    this.leaseNanos = lease.toNanos();
    this.resendNanos = Math.max(1_000_000, options.resendInterval().toNanos());
    this.patienceNanos = Math.max(leaseNanos, options.openTimeout().toNanos());
  }

  Lanes lanes() {
    return lanes;
  }

  /** How requests go just now. */
  BridgeStats.Way way() {
    ShardConnection open = connection;
    boolean inSharedMemory = open != null && open.memory().isOpen();
    return new BridgeStats.Way(
        lanes.first() + "-" + (lanes.first() + lanes.count() - 1),
        inSharedMemory ? Transport.SHM : Transport.GRPC,
        open == null ? "the connection broke" : inSharedMemory ? "" : open.memory().whyNone());
  }

  /** How often the shard's process was replaced. */
  synchronized int generation() {
    return shard.getGeneration();
  }

  /** "lanes 0–7 at unix:/tmp/worker.sock". */
  @Override
  public synchronized String toString() {
    return lanes + " at " + address;
  }

  /** Waits until the shard is attached for the first time. */
  void open() {
    connect();
    if (!awaitUntil(System.nanoTime() + options.openTimeout().toNanos(), Integer.MAX_VALUE)) {
      throw new GymException(
          Kind.DEADLINE_EXCEEDED,
          "%s did not attach within %s (%s)"
              .formatted(this, Durations.describe(options.openTimeout()), problem()));
    }
    opening = false;
    throwFailure();
  }

  /**
   * Sends a request, at once or when its turn has come. Where the shard is lost nothing is sent,
   * and {@link #await} gives null.
   */
  synchronized void send(InteractRequest.Builder request) {
    if (loss != null || failure != null) {
      return;
    }
    if (requests.allAnswered()) {
      dueFrom = System.nanoTime();
    }
    requests.add(request);
    sendMore();
  }

  private void sendMore() {
    ShardConnection open = connection;
    while (open != null && attached) {
      InteractRequest next = requests.next(window);
      if (next == null) {
        return;
      }
      if (requests.allAnswered()) {
        inMemory = open.send(next);
      } else if (!inMemory) {
        open.sendOnStream(next);
      } else if (!open.memory().send(next)) {
        if (open.memory().isOpen()) {
          // Its turn comes when all others are answered.
          return;
        }
        sendAllOnStream(open);
        continue;
      }
      lastSent = System.nanoTime();
      requests.sent(next);
    }
  }

  private void sendAllOnStream(ShardConnection open) {
    inMemory = false;
    for (InteractRequest request : requests.unanswered()) {
      open.sendOnStream(request);
    }
  }

  /**
   * Waits for the answer to the oldest request that was sent and not awaited yet.
   *
   * @param doing completes "no answer …, while"
   * @param busy how many shards work on answers, this one among them
   * @return null where the shard is lost: then what the request did is lost too
   * @throws GymException what the session cannot go on after: DEADLINE_EXCEEDED where an attached
   *     shard does not answer in time, UNAVAILABLE where it cannot be attached while the lease
   *     lasts, where somebody else has attached, or where this thread was interrupted
   */
  @Nullable InteractResponse await(String doing, int busy) {
    beginWaiting();
    while (!isAnswered()) {
      // What the stream brings, the event loop brings.
      if (!awaitUntil(tendAt(), inMemory ? busy : busy + 1)) {
        tend(doing);
      }
    }
    synchronized (this) {
      InteractResponse received = requests.take(times);
      if (received != null) {
        return received;
      }
    }
    if (loss != null) {
      return null;
    }
    throwFailure();
    throw new AssertionError("nothing arrived");
  }

  /** To be called before a wait that {@link #tendAt} and {@link #tend} go with. */
  void beginWaiting() {
    waitingSince = System.nanoTime();
    resendAt = waitingSince + resendNanos;
  }

  private long timeoutNanos() {
    return options.stepTimeout().toNanos() + GRACE_NANOS;
  }

  /** From when on the oldest request's time runs. */
  private long runsFrom() {
    return dueFrom - waitingSince > 0 ? dueFrom : waitingSince;
  }

  /** When a waiting caller is to {@link #tend} again. */
  long tendAt() {
    long late = runsFrom() + timeoutNanos();
    return attached && late - resendAt < 0 ? late : resendAt;
  }

  /**
   * Sends what is not answered again where it is time; throws as {@link #await} where it is late.
   */
  void tend(String doing) {
    long now = System.nanoTime();
    boolean late = attached && now - runsFrom() >= timeoutNanos();
    if (late || now - waitingSince >= timeoutNanos() + patienceNanos) {
      throw new GymException(
          Kind.DEADLINE_EXCEEDED,
          ("no answer from %s to %s within %s: the environment hangs, or is slower than that."
                  + " Give it longer with stepTimeout, or look at the server's output")
              .formatted(this, doing, Durations.describe(options.stepTimeout())));
    }
    if (now - resendAt >= 0) {
      sendAgain();
      resendAt = now + resendNanos;
    }
  }

  /** Whether {@link #await} would not wait; reads the memory. */
  boolean isAnswered() {
    ShardConnection open = connection;
    while (open != null && requests.answer() == null) {
      InteractResponse message = open.memory().receive(room());
      if (message == null) {
        break;
      }
      answered(open, message);
    }
    return requests.answer() != null || loss != null || failure != null;
  }

  /** Whether the server has requests that it has not answered, as far as this side has looked. */
  boolean isBusy() {
    return requests.isBusy() && !arrived();
  }

  /** Where the next response is to lie. */
  private synchronized IntFunction<ByteBuffer> room() {
    if (options.copy() || !requests.isLoneStep()) {
      return ByteBuffer::allocate;
    }
    arena.clear();
    return arena::take;
  }

  /** Has another wait, for several shards, be woken too; null for none. */
  void watchedBy(@Nullable Waiting other) {
    watcher = other;
  }

  /** Has a selector hear the memory's bell, if there is memory. */
  void hearBell(Selector selector) {
    ShardConnection open = connection;
    if (open != null) {
      open.memory().hearBell(selector);
    }
  }

  @Override
  boolean arrived() {
    ShardConnection open = connection;
    return requests.answer() != null
        || loss != null
        || failure != null
        || (opening && attached)
        || (open != null && open.memory().isReady());
  }

  @Override
  void sleep(long nanos) {
    ShardConnection open = connection;
    if (open == null || !open.memory().sleep(nanos)) {
      super.sleep(nanos);
    }
  }

  @Override
  void wake() {
    super.wake();
    ShardConnection open = connection;
    if (open != null) {
      open.memory().wake();
    }
    Waiting other = watcher;
    if (other != null) {
      other.wake();
    }
  }

  /** What became of the process that had the lanes, until that is accepted; else null. */
  @Nullable String loss() {
    return loss;
  }

  /** The caller knows that the lanes are new ones, which want a reset. */
  synchronized void acceptLoss() {
    loss = null;
    requests.clear();
  }

  /** Lets go of the shard; nothing comes from it any more. */
  synchronized void close(String why) {
    fail(new GymException(Kind.FAILED_PRECONDITION, why));
  }

  /** Sends a heartbeat where it is time; called every now and then. */
  synchronized void beat() {
    if (connection != null
        && attached
        && System.nanoTime() - lastSent >= leaseNanos / 6
        && !abandonedSilent(connection)) {
      lastSent = System.nanoTime();
      connection.sendAgain();
    }
  }

  private synchronized void sendAgain() {
    if (connection != null && attached && !requests.allAnswered() && !abandonedSilent(connection)) {
      lastSent = System.nanoTime();
      connection.sendAgain(requests.unanswered());
    }
  }

  /** A connection that a host or a network has left without a word is given up. */
  private boolean abandonedSilent(ShardConnection silent) {
    if (unanswered < MAX_UNANSWERED) {
      unanswered++;
      return false;
    }
    problem = "nothing came from it any more";
    abandon(silent);
    return true;
  }

  private void abandon(ShardConnection given) {
    boolean wasAttached = attached;
    detach();
    given.abandon("the connection was given up");
    resumeLater(!wasAttached);
  }

  private void detach() {
    connection = null;
    attached = false;
  }

  private synchronized void connect() {
    if (failure != null) {
      return;
    }
    ManagedChannel channel;
    try {
      channel =
          Channels.open(
              address,
              options.credentials(),
              options.maxMessageBytes(),
              options.compression() == Compression.GZIP);
    } catch (GymException e) {
      fail(e);
      return;
    }
    ShardConnection fresh = new ShardConnection(channel, options.maxMessageBytes(), this);
    connection = fresh;
    attached = false;
    unanswered = 0;
    attachesSent++;
    fresh.attach(shard.getToken(), wantsMemory());
    long patience = Math.min(resendNanos << Math.min(tries, 10), LONGEST_PAUSE_NANOS * 5);
    Background.later(() -> giveUpAttaching(fresh), Math.max(resendNanos, patience));
  }

  private synchronized void giveUpAttaching(ShardConnection slow) {
    if (connection == slow && !attached) {
      problem = "it did not answer";
      abandon(slow);
    }
  }

  @Override
  public synchronized void received(ShardConnection from, InteractResponse message) {
    if (from == connection && failure == null && message.hasAttached()) {
      unanswered = 0;
      lastContact = System.nanoTime();
      attached(from, message.getAttached());
    } else {
      answered(from, message);
    }
  }

  private synchronized void answered(ShardConnection from, InteractResponse message) {
    if (from != connection || failure != null) {
      return;
    }
    unanswered = 0;
    lastContact = System.nanoTime();
    tries = 0;
    // Heartbeats, and requests that were answered before, are none of the caller's business.
    if (requests.answered(message)) {
      dueFrom = lastContact;
      sendMore();
      wake();
    }
  }

  /** What was sent through it and not answered goes on the stream. */
  @Override
  public synchronized void memoryLost(ShardConnection from) {
    if (from == connection && attached) {
      sendAllOnStream(from);
      sendMore();
    }
  }

  private boolean wantsMemory() {
    return local && options.transport() != Transport.GRPC;
  }

  /** Takes the shared memory that is offered, if it is wanted. */
  private void takeMemory(ShardConnection from, AttachResponse response) throws IOException {
    if (options.transport() == Transport.GRPC) {
      return;
    }
    if (!local) {
      throw new IOException("the server is on another host");
    }
    if (!response.hasSharedMemory()) {
      throw new IOException("the server does not offer any");
    }
    from.memory().take(response.getSharedMemory(), response.getEpoch());
  }

  private void attached(ShardConnection to, AttachResponse response) {
    epoch = response.getEpoch();
    if (epoch > attachesSent || response.getLastSequence() > requests.sequence()) {
      fail(taken());
      return;
    }
    try {
      takeMemory(to, response);
    } catch (IOException e) {
      to.memory().doWithout(String.valueOf(e.getMessage()));
      if (options.transport() == Transport.SHM) {
        fail(
            new GymException(
                Kind.UNAVAILABLE,
                ("%s cannot be reached through shared memory: %s. The transport auto does"
                        + " without it")
                    .formatted(this, e.getMessage()),
                null,
                e));
        return;
      }
    }
    attached = true;
    lastSent = System.nanoTime();
    dueFrom = lastSent;
    window = Math.max(1, response.getWindow());
    sendAllOnStream(to);
    sendMore();
    wake();
  }

  @Override
  public synchronized void closed(ShardConnection from, Status why, Metadata trailers) {
    if (from != connection) {
      return;
    }
    boolean wasAttached = attached;
    detach();
    GymException said = Statuses.decode(why.asRuntimeException(trailers));
    problem = why.isOk() ? "the server ended it" : said.getMessage();
    switch (why.getCode()) {
      case ABORTED -> {
        // Only an attach of ours that was given up may still have arrived, and fenced us.
        if (epoch >= attachesSent) {
          fail(taken());
        } else {
          resumeLater(false);
        }
      }
      case RESOURCE_EXHAUSTED,
          UNIMPLEMENTED,
          PERMISSION_DENIED,
          UNAUTHENTICATED,
          INVALID_ARGUMENT,
          FAILED_PRECONDITION,
          OUT_OF_RANGE,
          DATA_LOSS ->
          fail(said);
      default -> resumeLater(!wasAttached || why.isOk());
    }
  }

  private GymException taken() {
    return new GymException(
        Kind.UNAVAILABLE,
        "another client has attached to %s and goes on with the session: give each client a session"
                .formatted(this)
            + " of its own");
  }

  /**
   * Tries again after a pause.
   *
   * @param describe whether to ask the server for the shard first
   */
  private void resumeLater(boolean describe) {
    describeFirst = describe;
    long pause = 0;
    if (tries > 0) {
      pause = Math.min(FIRST_PAUSE_NANOS << Math.min(tries - 1, 10), LONGEST_PAUSE_NANOS);
      pause = pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2);
    }
    tries++;
    Background.later(this::resume, pause);
  }

  private synchronized void resume() {
    if (failure != null || connection != null) {
      return;
    }
    if (System.nanoTime() - lastContact >= patienceNanos) {
      fail(
          new GymException(
              Kind.UNAVAILABLE,
              "the connection to %s broke (%s) and did not come back within %s: its session is over"
                  .formatted(this, problem, Durations.describe(Duration.ofNanos(patienceNanos)))));
    } else if (describeFirst) {
      directory.describe(this::described, this::notDescribed);
    } else {
      connect();
    }
  }

  private synchronized void described(OpenSessionResponse session) {
    if (failure != null || connection != null) {
      return;
    }
    for (Shard now : session.getShardsList()) {
      if (now.getFirstLane() == lanes.first() && now.getNumEnvs() == lanes.count()) {
        if (now.getGeneration() > shard.getGeneration()) {
          adopt(now);
        }
        connect();
        return;
      }
    }
    fail(
        new GymException(
            Kind.INTERNAL, "the server describes the session without " + lanes + " any more"));
  }

  private void adopt(Shard replacement) {
    shard = replacement;
    try {
      address = directory.locate(replacement);
      local = address.isLocal();
    } catch (GymException e) {
      fail(e);
      return;
    }
    lastContact = System.nanoTime();
    attachesSent = 0;
    epoch = 0;
    tries = 0;
    requests.restart();
    loss = replacement.getLoss().isEmpty() ? "its process ended" : replacement.getLoss();
    wake();
  }

  private synchronized void notDescribed(Status why) {
    if (failure != null || connection != null) {
      return;
    }
    if (why.getCode() == Status.Code.NOT_FOUND || why.getCode() == Status.Code.UNIMPLEMENTED) {
      fail(
          new GymException(
              Kind.UNAVAILABLE,
              "the session of %s is over (%s). Open the environment again"
                  .formatted(this, problem)));
      return;
    }
    if (why.getDescription() != null) {
      problem = why.getDescription();
    }
    resumeLater(false);
  }

  private void fail(GymException end) {
    if (failure != null) {
      return;
    }
    failure = end;
    requests.clear();
    ShardConnection open = connection;
    detach();
    if (open != null) {
      open.abandon("the session is over");
    }
    wake();
  }

  private synchronized String problem() {
    return problem.isEmpty() ? "it did not answer" : problem;
  }

  private void throwFailure() {
    GymException end = failure;
    if (end != null) {
      throw new GymException(end.kind(), end.getMessage(), null, end);
    }
  }
}
