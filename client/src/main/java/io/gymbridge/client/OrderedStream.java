package io.gymbridge.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Statuses;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A bidirectional stream on which one thread sends a request and waits for its answer, then the
 * next. The answer arrives on the event loop's thread, which wakes the waiting one: that spins for
 * a moment before it parks, since most answers take less than a wake-up.
 *
 * @param <Q> the requests
 * @param <A> the answers
 */
final class OrderedStream<Q, A> {
  /** What a wake-up costs, about; more would keep a core from the other side's process. */
  private static final long SPIN_NANOS = Long.getLong("gymbridge.spin.micros", 20) * 1000;

  private final ClientCall<Q, A> call;
  private long sequence;
  private volatile @Nullable A answer;
  private volatile @Nullable StatusRuntimeException end;
  private volatile @Nullable Thread waiting;

  /**
   * @param first number of the first request
   */
  OrderedStream(Channel channel, MethodDescriptor<Q, A> method, long first) {
    sequence = first - 1;
    call = channel.newCall(method, CallOptions.DEFAULT);
    call.start(new Listener(), new Metadata());
    call.request(2);
  }

  /** The number that the next request must carry. */
  long nextSequence() {
    return ++sequence;
  }

  void send(Q request) {
    answer = null;
    if (end == null) {
      call.sendMessage(request);
    }
  }

  /**
   * Waits for the answer to the request that was sent last.
   *
   * @param deadline on {@link System#nanoTime}'s clock
   * @return null where the deadline passed
   * @throws GymException what ended the stream; UNAVAILABLE where this thread was interrupted,
   *     which it then still is
   */
  @Nullable A await(long deadline) {
    waiting = Thread.currentThread();
    try {
      long parkFrom = System.nanoTime() + SPIN_NANOS;
      while (true) {
        A received = answer;
        if (received != null) {
          return received;
        }
        StatusRuntimeException ended = end;
        if (ended != null) {
          throw Statuses.decode(ended);
        }
        long now = System.nanoTime();
        if (now - deadline >= 0) {
          return null;
        }
        if (now - parkFrom < 0) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(this, deadline - now);
          if (Thread.currentThread().isInterrupted() && answer == null && end == null) {
            throw new GymException(Kind.UNAVAILABLE, "this thread was interrupted while it waited");
          }
        }
      }
    } finally {
      waiting = null;
    }
  }

  /** Whether the stream has come to its end, for whatever reason. */
  boolean ended() {
    return end != null;
  }

  void cancel(String why) {
    call.cancel(why, null);
  }

  private void wake() {
    LockSupport.unpark(waiting);
  }

  private final class Listener extends ClientCall.Listener<A> {
    @Override
    public void onMessage(A message) {
      answer = message;
      wake();
      call.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      Status why = status.isOk() ? Status.UNAVAILABLE.withDescription("it was closed") : status;
      end = why.asRuntimeException(trailers);
      wake();
    }
  }
}
