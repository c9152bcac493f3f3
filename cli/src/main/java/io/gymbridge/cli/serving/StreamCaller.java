package io.gymbridge.cli.serving;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.gymbridge.proto.v1.ActStreamRequest;
import io.gymbridge.proto.v1.ActStreamResponse;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All questions on one stream; answers come in the order of the questions. */
final class StreamCaller extends Caller {
  private final ClientCall<ActStreamRequest, ActStreamResponse> call;
  private final Deque<Consumer<Answer>> waiting = new ArrayDeque<>();
  private long sequence;
  private Status.@Nullable Code end;

  /** Opens a stream on a connection, which stays open when this closes. */
  StreamCaller(Channel channel) {
    call = channel.newCall(PolicyServiceGrpc.getActStreamMethod(), CallOptions.DEFAULT);
    call.start(new Listener(), new Metadata());
    call.request(1);
  }

  @Override
  void ask(boolean begin, Consumer<Answer> then) {
    Status.Code ended;
    synchronized (this) {
      ended = end;
      if (ended == null) {
        waiting.add(then);
        call.sendMessage(
            ActStreamRequest.newBuilder()
                .setSequence(++sequence)
                .setAct(begin ? FIRST : BenchPolicy.QUESTION)
                .build());
      }
    }
    if (ended != null) {
      then.accept(Answer.of(ended));
    }
  }

  @Override
  public void close() {
    call.cancel("enough was asked", null);
  }

  private final class Listener extends ClientCall.Listener<ActStreamResponse> {
    @Override
    public void onMessage(ActStreamResponse message) {
      Consumer<Answer> asked;
      synchronized (StreamCaller.this) {
        asked = waiting.remove();
      }
      call.request(1);
      asked.accept(
          message.hasError()
              ? Answer.of(Status.fromCodeValue(message.getError().getCode()).getCode())
              : Answer.of(message.getActed()));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      Status.Code why = status.isOk() ? Status.Code.UNAVAILABLE : status.getCode();
      List<Consumer<Answer>> left;
      synchronized (StreamCaller.this) {
        end = why;
        left = new ArrayList<>(waiting);
        waiting.clear();
      }
      left.forEach(asked -> asked.accept(Answer.of(why)));
    }
  }
}
