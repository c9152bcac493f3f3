package io.gymbridge.client;

import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.gymbridge.proto.v1.AttachRequest;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.Shard;
import io.gymbridge.transport.Channels;
import java.util.concurrent.CompletableFuture;

/** Somebody else who attaches to a session's first shard. */
final class SessionThief implements AutoCloseable {
  private final ManagedChannel channel;
  private final CompletableFuture<InteractResponse> attached = new CompletableFuture<>();

  SessionThief(RemoteSession session) {
    Shard shard = session.opened().getShards(0);
    channel = Channels.open(session.locate(shard));
    EnvironmentServiceGrpc.newStub(channel)
        .interact(
            new StreamObserver<>() {
              @Override
              public void onNext(InteractResponse response) {
                attached.complete(response);
              }

              @Override
              public void onError(Throwable t) {
                attached.completeExceptionally(t);
              }

              @Override
              public void onCompleted() {}
            })
        .onNext(
            InteractRequest.newBuilder()
                .setAttach(AttachRequest.newBuilder().setToken(shard.getToken()))
                .build());
  }

  CompletableFuture<InteractResponse> attached() {
    return attached;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
