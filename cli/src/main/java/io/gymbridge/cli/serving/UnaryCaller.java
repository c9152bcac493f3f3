package io.gymbridge.cli.serving;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActResponse;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A call for each question. */
final class UnaryCaller extends Caller {
  private final Channel channel;
  private final ActRequest question;

  /** Asks over a connection, which stays open when this closes. */
  UnaryCaller(Channel channel, ActRequest question) {
    this.channel = channel;
    this.question = question;
  }

  @Override
  void ask(boolean begin, Consumer<Answer> then) {
    ClientCall<ActRequest, ActResponse> call =
        channel.newCall(PolicyServiceGrpc.getActMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          private @Nullable Answer answer;

          @Override
          public void onMessage(ActResponse message) {
            answer = Answer.of(message);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            Answer given = answer;
            then.accept(given != null && status.isOk() ? given : Answer.of(status.getCode()));
          }
        },
        new Metadata());
    call.request(2);
    call.sendMessage(question);
    call.halfClose();
  }

  @Override
  public void close() {}
}
