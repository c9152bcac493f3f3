package io.gymbridge.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.gymbridge.proto.v1.AttachRequest;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.HeartbeatRequest;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;

/**
 * One attempt to have a shard: a connection and one Interact stream on it. A broken one is thrown
 * away. Sending is for one thread at a time; what arrives, arrives on the event loop, but for what
 * the shared memory has.
 */
final class ShardConnection extends ClientCall.Listener<InteractResponse> {
  private static final InteractRequest HEARTBEAT =
      InteractRequest.newBuilder().setHeartbeat(HeartbeatRequest.getDefaultInstance()).build();

  /** Whom it tells. */
  interface Owner {
    void received(ShardConnection from, InteractResponse message);

    void closed(ShardConnection from, Status why, Metadata trailers);

    void memoryLost(ShardConnection from);
  }

  private final ManagedChannel channel;
  private final ClientCall<InteractRequest, InteractResponse> call;
  private final Owner owner;
  private final ShardMemory memory;
  private boolean attached;

  ShardConnection(ManagedChannel channel, int maxMessageBytes, Owner owner) {
    this.channel = channel;
    this.owner = owner;
    this.memory = new ShardMemory(maxMessageBytes, () -> tellLost());
    this.call = channel.newCall(EnvironmentServiceGrpc.getInteractMethod(), CallOptions.DEFAULT);
  }

  private void tellLost() {
    owner.memoryLost(this);
  }

  /**
   * Connects and asks for the shard.
   *
   * @param sharedMemory whether to ask for shared memory too
   */
  void attach(String token, boolean sharedMemory) {
    call.start(this, new Metadata());
    call.request(2);
    call.sendMessage(
        InteractRequest.newBuilder()
            .setAttach(AttachRequest.newBuilder().setToken(token).setSharedMemory(sharedMemory))
            .build());
  }

  /** The server has given this stream the shard. */
  void setAttached() {
    attached = true;
  }

  boolean attached() {
    return attached;
  }

  /** What goes beside the stream; closed with it. */
  ShardMemory memory() {
    return memory;
  }

  /** Sends a request, through the memory if that has room for it; whether it had. */
  boolean send(InteractRequest request) {
    boolean fits = memory.send(request);
    if (!fits) {
      call.sendMessage(request);
    }
    return fits;
  }

  void sendOnStream(InteractRequest request) {
    call.sendMessage(request);
  }

  /**
   * Asks for a sign of life, and for what may have been lost, both on the stream; nothing where
   * what was sent before has not gone yet.
   */
  void sendAgain(InteractRequest... requests) {
    if (call.isReady()) {
      for (InteractRequest request : requests) {
        call.sendMessage(request);
      }
      call.sendMessage(HEARTBEAT);
    }
  }

  /** Lets go of it, without a word to the owner's session: the server keeps the shard. */
  void abandon(String why) {
    memory.close();
    call.cancel(why, null);
    channel.shutdownNow();
  }

  @Override
  public void onMessage(InteractResponse message) {
    owner.received(this, message);
    call.request(1);
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    memory.close();
    channel.shutdownNow();
    owner.closed(this, status, trailers);
  }
}
