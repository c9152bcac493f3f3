package io.gymbridge.transport;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.gymbridge.proto.v1.ActStreamResponse;
import io.gymbridge.proto.v1.InteractResponse;

/**
 * Keeps from strangers what helps only attackers: errors lose their tracebacks, and the services
 * are not described.
 */
final class Discretion implements ServerInterceptor {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (call.getMethodDescriptor().getFullMethodName().startsWith("grpc.reflection.")) {
      call.close(
          Status.UNIMPLEMENTED.withDescription(
              "reflection is for callers on this machine, or with a token or a certificate"),
          new Metadata());
      return new ServerCall.Listener<>() {};
    }
    return next.startCall(new Discreet<>(call), headers);
  }

  private static final class Discreet<Q, A> extends SimpleForwardingServerCall<Q, A> {
    Discreet(ServerCall<Q, A> call) {
      super(call);
    }

    @Override
    @SuppressWarnings("unchecked")
    public void sendMessage(A message) {
      super.sendMessage((A) withoutDetails(message));
    }

    @Override
    public void close(Status status, Metadata trailers) {
      trailers.discardAll(DETAILS);
      super.close(status, trailers);
    }

    private static Object withoutDetails(Object message) {
      if (message instanceof InteractResponse response && response.hasError()) {
        return response.toBuilder()
            .setError(response.getError().toBuilder().clearDetails())
            .build();
      }
      if (message instanceof ActStreamResponse response && response.hasError()) {
        return response.toBuilder()
            .setError(response.getError().toBuilder().clearDetails())
            .build();
      }
      return message;
    }
  }
}
