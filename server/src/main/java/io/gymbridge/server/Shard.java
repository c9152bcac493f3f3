package io.gymbridge.server;

import io.grpc.Status;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.AttachResponse;
import io.gymbridge.proto.v1.HeartbeatResponse;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.transport.Statuses;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Some lanes of a session and who may drive them: a token, the stream that has attached last, and a
 * lease. Executes each numbered request once, and answers one that comes again with the same
 * response. Thread-safe.
 */
final class Shard implements ShardMemory.Owner {
  /** Responses kept for repetition: a client may have so many requests on the way. */
  static final int WINDOW = 16;

  /** A brief environment's request that took longer than this last time is not run at once. */
  private static final long BRIEF_NANOS = 100_000;

  private final String token;
  private final int generation;
  private final String loss;
  private final Runnable left;
  private final LongSupplier nanoTime;
  private final Turns turns;
  private final MemoryOffers offers = new MemoryOffers();

  /** Completed when the lanes are closed, or given up. */
  private final CompletableFuture<@Nullable Void> released = new CompletableFuture<>();

  private volatile @Nullable InteractStream stream;
  private volatile long renewed;
  private volatile boolean releasing;
  private long epoch;
  private @Nullable ShardMemory memory;

  // Touched by the turns' jobs only.
  private @Nullable Lanes lanes;
  private @Nullable Answers answers;
  private volatile long requestBytes;
  private volatile long responseBytes;
  private final Deque<InteractResponse> responses = new ArrayDeque<>();

  // Written by the turns' jobs only.
  private volatile boolean brief;
  private volatile long lastNanos = Long.MAX_VALUE;
  private volatile long lastSequence;

  /**
   * A shard whose lanes are still to be made, see {@link #open}.
   *
   * @param generation how many shards were in its place before
   * @param loss what became of the last one; empty if there was none
   * @param left called when a client ends its stream in good order
   */
  Shard(
      String token,
      String name,
      int generation,
      String loss,
      Runnable left,
      LongSupplier nanoTime) {
    this.token = token;
    this.generation = generation;
    this.loss = loss;
    this.left = left;
    this.nanoTime = nanoTime;
    this.turns = new Turns(name, nanoTime);
    this.renewed = nanoTime.getAsLong();
  }

  String token() {
    return token;
  }

  int generation() {
    return generation;
  }

  String loss() {
    return loss;
  }

  /**
   * Makes the lanes in the shard's thread, which then calls one of the two back.
   *
   * @param renderMode empty for none
   * @param environment what the lanes are, for what it says of them
   * @param stateKey what saved states are signed with
   * @param roller makes what acts in the lanes, or null where clients may not put policies
   * @param failed takes what the maker throws
   */
  void open(
      Supplier<Lanes> maker,
      String renderMode,
      ServedEnvironment environment,
      StateKey stateKey,
      Function<Lanes, @Nullable Roller> roller,
      Consumer<Lanes> opened,
      Consumer<Throwable> failed) {
    turns.run(
        () -> {
          try {
            Lanes made = maker.get();
            this.lanes = made;
            Answers fresh =
                new Answers(
                    made,
                    renderMode,
                    environment.allowedAttributes(),
                    stateKey,
                    roller.apply(made));
            this.answers = fresh;
            this.requestBytes = fresh.requestBytes();
            this.responseBytes = fresh.responseBytes();
            this.brief = environment.brief();
            renew();
            opened.accept(made);
          } catch (RuntimeException | Error e) {
            failed.accept(e);
          }
        });
  }

  /** How long nobody has asked anything. */
  long idleNanos() {
    return nanoTime.getAsLong() - renewed;
  }

  /** How long the request under way has taken so far; 0 where there is none. */
  long busyNanos() {
    return turns.busyNanos();
  }

  /** Begins the lease anew. */
  void renew() {
    renewed = nanoTime.getAsLong();
  }

  /**
   * Gives the shard to a stream; the one that had it ends with ABORTED.
   *
   * @param sharedMemory whether to offer shared memory beside it
   */
  void attach(InteractStream newcomer, long sequence, boolean sharedMemory) {
    InteractStream fenced;
    long number;
    synchronized (this) {
      if (releasing) {
        throw gone();
      }
      fenced = stream;
      stream = newcomer;
      number = ++epoch;
    }
    renew();
    if (fenced != null) {
      fenced.finish(Status.ABORTED.withDescription("another stream has attached to this shard"));
    }
    AttachResponse.Builder attached =
        AttachResponse.newBuilder()
            .setEpoch(number)
            .setLastSequence(lastSequence)
            .setWindow(WINDOW);
    InteractResponse.Builder response = InteractResponse.newBuilder().setSequence(sequence);
    if (sharedMemory) {
      offers.later(
          () -> {
            offerMemory(newcomer, number, attached);
            newcomer.answer(response.setAttached(attached).build());
          });
    } else {
      newcomer.answer(response.setAttached(attached).build());
    }
  }

  private void offerMemory(InteractStream beside, long number, AttachResponse.Builder attached) {
    if (stream != beside) {
      return;
    }
    ShardMemory offered = offers.make(number, requestBytes, responseBytes, this, beside);
    if (offered == null) {
      return;
    }
    attached.setSharedMemory(offered.described());
    synchronized (this) {
      if (stream == beside) {
        memory = offered;
        turns.listen(offered);
      }
    }
    beside.keep(offered);
  }

  @Override
  public void received(ShardMemory from, InteractRequest request) {
    InteractStream beside = from.stream();
    take(
        beside,
        request,
        response -> {
          if (!from.answer(response)) {
            beside.send(response);
          }
        },
        true);
  }

  @Override
  public synchronized void closed(ShardMemory gone) {
    if (memory == gone) {
      memory = null;
      turns.listen(null);
    }
  }

  static GymException gone() {
    return new GymException(Kind.NOT_FOUND, "no shard has this token; its session may have ended");
  }

  /** A stream is gone; the lanes wait for another one until the lease ends. */
  synchronized void detach(InteractStream gone) {
    if (stream == gone) {
      stream = null;
    }
  }

  /** A client has ended its stream in good order: once what it asked is answered, it is done. */
  void leave(InteractStream leaving) {
    if (stream == leaving) {
      turns.run(left);
    } else {
      leaving.complete();
    }
  }

  /** A request of a stream: answered now or later; ignored where another one has attached. */
  void take(InteractStream from, InteractRequest request) {
    take(from, request, from::answer, request.hasStep() && brief && lastNanos < BRIEF_NANOS);
  }

  /**
   * As {@link #take(InteractStream, InteractRequest)}.
   *
   * @param here whether this thread may execute it
   */
  private void take(
      InteractStream from,
      InteractRequest request,
      Consumer<InteractResponse> answer,
      boolean here) {
    if (stream != from) {
      return;
    }
    renew();
    long read = System.nanoTime();
    switch (request.getRequestCase()) {
      case HEARTBEAT ->
          answer.accept(
              InteractResponse.newBuilder()
                  .setSequence(request.getSequence())
                  .setHeartbeat(HeartbeatResponse.getDefaultInstance())
                  .build());
      case ATTACH ->
          answer.accept(
              refusal(
                  request.getSequence(),
                  Kind.FAILED_PRECONDITION,
                  "the stream is attached to a shard already"));
      default -> {
        if (here) {
          turns.runHere(() -> execute(from, request, answer, read));
        } else {
          turns.run(() -> execute(from, request, answer, read));
        }
      }
    }
  }

  private void execute(
      InteractStream from, InteractRequest request, Consumer<InteractResponse> answer, long read) {
    if (releasing || stream != from) {
      return;
    }
    InteractResponse response = once(request, read);
    renew();
    // Where another stream has attached meanwhile, its client asks for the response again; where
    // the lanes were given up meanwhile, the response may be a consequence of that.
    if (!turns.over()) {
      answer.accept(response);
    }
  }

  private InteractResponse once(InteractRequest request, long read) {
    while (!responses.isEmpty() && isAcknowledged(responses.getFirst(), request)) {
      responses.removeFirst();
    }
    long sequence = request.getSequence();
    long expected = lastSequence + 1;
    if (sequence != expected) {
      for (InteractResponse known : responses) {
        if (known.getSequence() == sequence) {
          return known;
        }
      }
      boolean gap = Long.compareUnsigned(sequence, expected) > 0;
      return refusal(
          sequence,
          gap ? Kind.FAILED_PRECONDITION : Kind.INVALID_ARGUMENT,
          "got sequence %s, expected %d%s"
              .formatted(
                  Long.toUnsignedString(sequence),
                  expected,
                  gap ? ": a request is missing" : "; its response is forgotten"));
    }
    if (responses.size() >= WINDOW) {
      return refusal(
          sequence,
          Kind.RESOURCE_EXHAUSTED,
          "%d responses are not acknowledged, %d may be; acknowledge some first"
              .formatted(responses.size(), WINDOW));
    }
    lastSequence = sequence;
    InteractResponse response = answer(request, read);
    responses.addLast(response);
    return response;
  }

  private static boolean isAcknowledged(InteractResponse response, InteractRequest request) {
    return Long.compareUnsigned(response.getSequence(), request.getAcknowledged()) <= 0;
  }

  private InteractResponse answer(InteractRequest request, long read) {
    if (answers == null) {
      throw new IllegalStateException("a shard was asked before its lanes were made");
    }
    long started = System.nanoTime();
    InteractResponse response = answers.answer(request, read);
    if (request.hasStep()) {
      lastNanos = System.nanoTime() - started;
    }
    return response;
  }

  private static InteractResponse refusal(long sequence, Kind kind, String message) {
    return InteractResponse.newBuilder()
        .setSequence(sequence)
        .setError(Statuses.encode(new GymException(kind, message)))
        .build();
  }

  /**
   * Closes the lanes once the request under way is done.
   *
   * @return completed then, or by {@link #abandon}
   */
  CompletableFuture<@Nullable Void> release() {
    synchronized (this) {
      if (releasing) {
        return released;
      }
      releasing = true;
    }
    turns.run(
        () -> {
          turns.end();
          closeLanes();
          released.complete(null);
        });
    return released;
  }

  private void closeLanes() {
    if (answers != null) {
      answers.close();
    } else if (lanes != null) {
      lanes.close();
    }
  }

  /** Gives up waiting for the request under way; should it ever end, the lanes are closed. */
  void abandon() {
    synchronized (this) {
      releasing = true;
    }
    turns.abandon(this::closeLanes);
    released.complete(null);
  }

  /** Ends the stream, if there is one: with OK, or with a failure. */
  void endStream(@Nullable Status failure) {
    InteractStream last;
    synchronized (this) {
      last = stream;
      stream = null;
    }
    if (last == null) {
      return;
    }
    if (failure == null) {
      last.complete();
    } else {
      last.finish(failure);
    }
  }
}
