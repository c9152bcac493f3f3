package io.gymbridge.server;

import com.google.rpc.Status;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.gymbridge.core.GymException;
import io.gymbridge.proto.v1.AttachRequest;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.transport.Statuses;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One client's stream: attaches to a shard, hands its requests on, and takes the answers from
 * whichever thread has them. No more requests are read than can be dealt with: not before the
 * attach is answered, not while many wait, and not while the client does not read its answers.
 * Shared memory beside it ends with it. Thread-safe.
 */
final class InteractStream implements StreamObserver<InteractRequest> {
  /** Requests read and not answered, at most. */
  static final int MAX_WAITING = 2 * Shard.WINDOW;

  private final Function<AttachRequest, Shard> find;
  private final ServerCallStreamObserver<InteractResponse> answers;
  private final boolean local;
  private @Nullable ShardMemory memory;
  private @Nullable Shard shard;
  private volatile boolean attaching;
  private boolean asked;
  private int waiting;
  private boolean done;

  /**
   * Begins to read.
   *
   * @param find the shard of a token; throws NOT_FOUND
   * @param local whether the client is on this host
   */
  InteractStream(
      Function<AttachRequest, Shard> find,
      ServerCallStreamObserver<InteractResponse> answers,
      boolean local) {
    this.find = find;
    this.answers = answers;
    this.local = local;
    answers.disableAutoRequest();
    answers.setOnCancelHandler(this::detach);
    answers.setOnReadyHandler(this::ready);
    answers.request(1);
    asked = true;
  }

  @Override
  public void onNext(InteractRequest request) {
    synchronized (this) {
      asked = false;
      waiting++;
      if (done) {
        return;
      }
    }
    Shard attached = shard;
    if (attached == null) {
      attach(request);
    } else {
      attached.take(this, request);
    }
    proceed();
  }

  private void attach(InteractRequest request) {
    if (!request.hasAttach()) {
      finish(
          io.grpc.Status.ABORTED.withDescription(
              "the first request on a stream must attach it to a shard"));
      return;
    }
    try {
      Shard found = find.apply(request.getAttach());
      shard = found;
      attaching = true;
      found.attach(this, request.getSequence(), local && request.getAttach().getSharedMemory());
    } catch (GymException e) {
      finish(Statuses.encode(e));
    }
  }

  /** Sends the answer to a request of this stream, unless it is over. */
  void answer(InteractResponse response) {
    synchronized (this) {
      waiting--;
    }
    send(response);
    attaching = false;
    proceed();
  }

  /** Sends the answer to a request that came otherwise, unless the stream is over. */
  synchronized void send(InteractResponse response) {
    if (!done) {
      answers.onNext(response);
    }
  }

  /** Has shared memory end when this stream does. */
  void keep(ShardMemory beside) {
    boolean late;
    synchronized (this) {
      memory = beside;
      late = done;
    }
    if (late) {
      beside.close();
    }
  }

  /** Ends the stream in good order. */
  void complete() {
    synchronized (this) {
      if (!done) {
        done = true;
        answers.onCompleted();
      }
    }
    closeMemory();
  }

  /** Ends the stream with a failure. */
  void finish(Status status) {
    finish(StatusProto.toStatusRuntimeException(status));
  }

  /** As {@link #finish(Status)}. */
  void finish(io.grpc.Status status) {
    finish(status.asRuntimeException());
  }

  private void finish(RuntimeException end) {
    synchronized (this) {
      if (!done) {
        done = true;
        answers.onError(end);
      }
    }
    closeMemory();
  }

  private void closeMemory() {
    ShardMemory beside;
    synchronized (this) {
      beside = memory;
      memory = null;
    }
    if (beside != null) {
      beside.close();
    }
  }

  /** Whether what is sent now does not have to wait; also where it goes nowhere. */
  synchronized boolean isReady() {
    return done || answers.isReady();
  }

  private void ready() {
    proceed();
    ShardMemory beside;
    synchronized (this) {
      beside = memory;
    }
    if (beside != null) {
      beside.wake();
    }
  }

  private synchronized void proceed() {
    if (!done && !asked && !attaching && waiting < MAX_WAITING && answers.isReady()) {
      asked = true;
      answers.request(1);
    }
  }

  /** The stream is gone: the lanes wait for another one. */
  private void detach() {
    synchronized (this) {
      done = true;
    }
    closeMemory();
    Shard attached = shard;
    if (attached != null) {
      attached.detach(this);
    }
  }

  @Override
  public void onError(@Nullable Throwable failure) {
    detach();
  }

  /** A client that ends its side in good order has no more use for the session. */
  @Override
  public void onCompleted() {
    Shard attached = shard;
    if (attached == null) {
      complete();
    } else {
      attached.leave(this);
    }
  }
}
