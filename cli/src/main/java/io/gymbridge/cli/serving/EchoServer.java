package io.gymbridge.cli.serving;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActResponse;
import io.gymbridge.proto.v1.ActStreamRequest;
import io.gymbridge.proto.v1.ActStreamResponse;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.DescribePolicyRequest;
import io.gymbridge.proto.v1.DescribePolicyResponse;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.server.Endpoint;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.ServerSecurity;
import io.gymbridge.transport.SpaceCodec;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/**
 * A server that has the answer ready: what is left of a call's time without a policy server. A
 * program: {@code EchoServer ADDRESS}; it ends with its standard input.
 */
final class EchoServer extends PolicyServiceGrpc.PolicyServiceImplBase {
  private static final ActResponse READY =
      ActResponse.newBuilder()
          .setVersion("1")
          .setActions(
              Buffers.newBuilder()
                  .addBuffers(ByteString.copyFrom(new byte[Float.BYTES * BenchPolicy.OUTPUTS])))
          .build();

  private static final int MAX_CALLS = 1000;

  private EchoServer() {}

  /** Serves until standard input ends. */
  public static void main(String[] arguments) throws IOException {
    Endpoint endpoint =
        new Endpoint(
            arguments[0],
            List.of(new EchoServer().bindService()),
            Channels.DEFAULT_MAX_MESSAGE_BYTES,
            MAX_CALLS,
            ServerSecurity.LOCAL,
            List.of());
    System.out.println("gymbridge: listening on " + endpoint.address());
    System.out.flush();
    System.in.transferTo(OutputStream.nullOutputStream());
    endpoint.drain();
    endpoint.close();
  }

  @Override
  public void describePolicy(
      DescribePolicyRequest request, StreamObserver<DescribePolicyResponse> answer) {
    answer.onNext(
        DescribePolicyResponse.newBuilder()
            .setName(BenchPolicy.NAME)
            .setVersion("1")
            .setObservationSpace(SpaceCodec.encode(BenchPolicy.OBSERVATIONS))
            .setActionSpace(SpaceCodec.encode(BenchPolicy.ACTIONS))
            .build());
    answer.onCompleted();
  }

  @Override
  public void act(ActRequest request, StreamObserver<ActResponse> answer) {
    answer.onNext(READY);
    answer.onCompleted();
  }

  @Override
  public StreamObserver<ActStreamRequest> actStream(StreamObserver<ActStreamResponse> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(ActStreamRequest request) {
        answers.onNext(
            ActStreamResponse.newBuilder()
                .setSequence(request.getSequence())
                .setActed(READY)
                .build());
      }

      @Override
      public void onError(Throwable failure) {
        // The caller has gone.
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }
}
