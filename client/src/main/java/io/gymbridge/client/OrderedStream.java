package io.gymbridge.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.gymbridge.core.GymException;
import io.gymbridge.transport.Statuses;
import org.jspecify.annotations.Nullable;

/**
 * A bidirectional stream on which one thread sends a request and waits for its answer, then the
 * next.
 *
 * @param <Q> the requests
 * @param <A> the answers
 */
final class OrderedStream<Q, A> extends Waiting {
  private final ClientCall<Q, A> call;
  private long sequence;
  private volatile @Nullable A answer;
  private volatile @Nullable StatusRuntimeException end;

  OrderedStream(Channel channel, MethodDescriptor<Q, A> method) {
    call = channel.newCall(method, CallOptions.DEFAULT);
    call.start(new Listener(), new Metadata());
    call.request(2);
  }

  /** The number that the next request must carry: 1 for the first. */
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
    // The server, and the event loop.
    awaitUntil(deadline, 2);
    A received = answer;
    StatusRuntimeException ended = end;
    if (received == null && ended != null) {
      throw Statuses.decode(ended);
    }
    return received;
  }

  @Override
  boolean arrived() {
    return answer != null || end != null;
  }

  /** Whether the stream has come to its end, for whatever reason. */
  boolean ended() {
    return end != null;
  }

  void cancel(String why) {
    call.cancel(why, null);
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
