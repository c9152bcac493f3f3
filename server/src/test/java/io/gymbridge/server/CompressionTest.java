package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who asks for compressed messages gets them, and nobody else. */
class CompressionTest {
  private static final int LANES = 1000;

  /** Counts what goes over the wire. */
  private static final class Scales extends ClientStreamTracer.Factory
      implements ClientInterceptor {
    final AtomicLong sent = new AtomicLong();
    final AtomicLong received = new AtomicLong();

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return next.newCall(method, options.withStreamTracerFactory(this));
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void outboundWireSize(long bytes) {
          sent.addAndGet(bytes);
        }

        @Override
        public void inboundWireSize(long bytes) {
          received.addAndGet(bytes);
        }
      };
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void large_messages_are_compressed_both_ways_where_the_client_asks(boolean gzip) {
    Scales scales = new Scales();
    try (Served served = Served.of("Counting", () -> ScriptedEnv.ofLength(9));
        Client client =
            new Client(
                Channels.open(Address.parse(served.address()), Credentials.NONE, 1 << 20, gzip),
                scales)) {
      OpenSessionResponse session = client.open(LANES);
      Client.Stream stream = client.attached(session, 0);
      stream.reset();
      long sent = scales.sent.get();
      long received = scales.received.get();
      InteractResponse response = stream.step(new long[LANES]);
      assertEquals(LANES * 8, response.getStep().getObservations().getBuffers(0).size());
      assertEquals(gzip, scales.sent.get() - sent < LANES);
      assertEquals(gzip, scales.received.get() - received < 4 * LANES);
      assertTrue(response.getSerializedSize() > 16 * LANES);
    }
  }
}
