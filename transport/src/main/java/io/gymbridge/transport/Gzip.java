package io.gymbridge.transport;

import com.google.protobuf.MessageLite;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/**
 * Compresses large messages where the client wishes it: a client that says in {@code grpc-encoding}
 * that it may send such gets such, and sends them itself once the server has said that it takes
 * them. gRPC unpacks, and refuses what is too large then.
 */
final class Gzip {
  private static final String NAME = "gzip";

  /** Less is not worth it. */
  private static final int LEAST_BYTES = 1024;

  private static final Metadata.Key<String> ENCODING = key("grpc-encoding");
  private static final Metadata.Key<String> ACCEPTED = key("grpc-accept-encoding");

  private Gzip() {}

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static boolean isLarge(Object message) {
    return message instanceof MessageLite large && large.getSerializedSize() >= LEAST_BYTES;
  }

  /** For servers. */
  static final class Answering implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      if (!NAME.equals(headers.get(ENCODING))) {
        return next.startCall(call, headers);
      }
      call.setCompression(NAME);
      return next.startCall(
          new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendMessage(A message) {
              setMessageCompression(isLarge(message));
              super.sendMessage(message);
            }
          },
          headers);
    }
  }

  /** For clients that want it. */
  static final class Asking implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new Call<>(next.newCall(method, options.withCompression(NAME)));
    }
  }

  private static final class Call<Q, A> extends SimpleForwardingClientCall<Q, A> {
    private volatile boolean accepted;

    Call(ClientCall<Q, A> call) {
      super(call);
    }

    @Override
    public void start(Listener<A> listener, Metadata headers) {
      super.start(
          new SimpleForwardingClientCallListener<>(listener) {
            @Override
            public void onHeaders(Metadata answered) {
              String names = answered.get(ACCEPTED);
              accepted = names != null && names.contains(NAME);
              super.onHeaders(answered);
            }
          },
          headers);
    }

    @Override
    public void sendMessage(Q message) {
      setMessageCompression(accepted && isLarge(message));
      super.sendMessage(message);
    }
  }
}
