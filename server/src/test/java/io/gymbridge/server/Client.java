package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.AttachRequest;
import io.gymbridge.proto.v1.AttachResponse;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.Shard;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.SpaceCodec;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client that speaks the protocol by hand, rightly or wrongly. */
final class Client implements AutoCloseable {
  final ManagedChannel channel;
  private final Channel calls;
  final EnvironmentServiceGrpc.EnvironmentServiceBlockingStub stub;

  Client(String address) {
    this(Channels.open(Address.parse(address)));
  }

  Client(ManagedChannel channel, ClientInterceptor... watchers) {
    this.channel = channel;
    calls = ClientInterceptors.intercept(channel, watchers);
    stub = EnvironmentServiceGrpc.newBlockingStub(calls).withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  /** A request for so many lanes of the only environment. */
  static OpenSessionRequest.Builder lanes(int numEnvs) {
    return OpenSessionRequest.newBuilder().setProtocolRevision(1).setNumEnvs(numEnvs);
  }

  OpenSessionResponse open(int numEnvs) {
    return stub.openSession(lanes(numEnvs).build());
  }

  /** A stream that has attached to a shard. */
  Stream attached(OpenSessionResponse session, int shard) {
    Stream stream = new Stream(session);
    stream.attach(session.getShards(shard));
    return stream;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  /** One Interact call. */
  final class Stream {
    private final ClientCall<InteractRequest, InteractResponse> call;
    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();
    private final ValueCodec actions;
    private final ValueCodec observations;
    long sequence;
    private volatile boolean reading = true;

    Stream(OpenSessionResponse session) {
      Space observationSpace = SpaceCodec.decode(session.getSpec().getObservationSpace());
      actions = new ValueCodec(SpaceCodec.decode(session.getSpec().getActionSpace()));
      observations = new ValueCodec(observationSpace);
      call = calls.newCall(EnvironmentServiceGrpc.getInteractMethod(), CallOptions.DEFAULT);
      call.start(
          new ClientCall.Listener<>() {
            @Override
            public void onMessage(InteractResponse message) {
              events.add(message);
              if (reading) {
                call.request(1);
              }
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
              events.add(status);
            }
          },
          new Metadata());
      call.request(1);
    }

    void send(InteractRequest request) {
      call.sendMessage(request);
    }

    private Object next() {
      try {
        Object event = events.poll(60, TimeUnit.SECONDS);
        assertNotNull(event, "nothing came");
        return event;
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    InteractResponse receive() {
      return (InteractResponse) next();
    }

    /** As {@link #receive}; null where none has come yet. */
    @Nullable InteractResponse poll() {
      return (InteractResponse) events.poll();
    }

    /** How the stream ends, which must come next. */
    Status end() {
      Object event = next();
      assertEquals(Status.class, event.getClass(), String.valueOf(event));
      return (Status) event;
    }

    AttachResponse attach(Shard shard) {
      send(
          InteractRequest.newBuilder()
              .setAttach(AttachRequest.newBuilder().setToken(shard.getToken()))
              .build());
      return receive().getAttached();
    }

    /** Sends a request with the next number, and acknowledges all before. */
    InteractResponse ask(InteractRequest.Builder request) {
      sequence++;
      send(request.setSequence(sequence).setAcknowledged(sequence - 1).build());
      InteractResponse response = receive();
      assertEquals(sequence, response.getSequence());
      return response;
    }

    InteractResponse reset(long... seeds) {
      ResetRequest.Builder reset = ResetRequest.newBuilder();
      if (seeds.length > 0) {
        ByteBuffer bytes = ByteBuffer.allocate(seeds.length * 8).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(seeds);
        reset.setSeeds(ByteString.copyFrom(bytes));
      }
      return ask(InteractRequest.newBuilder().setReset(reset));
    }

    InteractResponse step(long... chosen) {
      return ask(stepping(chosen));
    }

    InteractRequest.Builder stepping(long... chosen) {
      Buffers buffers = actions.encode(NdArray.of(chosen, chosen.length), chosen.length, "actions");
      return InteractRequest.newBuilder().setStep(StepRequest.newBuilder().setActions(buffers));
    }

    Value observations(Buffers buffers, int n) {
      return observations.decode(buffers, n, "observations");
    }

    /** Reads no more than one answer from now on. */
    void stopReading() {
      reading = false;
    }

    void readOn() {
      reading = true;
      call.request(1);
    }

    void halfClose() {
      call.halfClose();
    }

    void cancel() {
      call.cancel("the test wants it", null);
    }
  }
}
