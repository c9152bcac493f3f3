package io.gymbridge.transport;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;

/**
 * Says plainly why a connection could not be secured: calls of a channel that had no answer yet end
 * with a {@link GymException} as the cause of their status.
 */
final class Explanation implements ClientInterceptor {
  private final Address address;
  private final Credentials credentials;
  private volatile boolean answered;

  Explanation(Address address, Credentials credentials) {
    this.address = address;
    this.credentials = credentials;
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        super.start(
            new SimpleForwardingClientCallListener<>(listener) {
              @Override
              public void onHeaders(Metadata headers) {
                answered = true;
                super.onHeaders(headers);
              }

              @Override
              public void onClose(Status status, Metadata trailers) {
                super.onClose(explained(status), trailers);
              }
            },
            headers);
      }
    };
  }

  private Status explained(Status status) {
    if (answered || status.getCode() != Status.Code.UNAVAILABLE) {
      return status;
    }
    Throwable failure = status.getCause() == null ? status.asException() : status.getCause();
    String why = Tls.explain(failure, address, credentials);
    return why == null
        ? status
        : Status.UNAVAILABLE
            .withDescription(why)
            .withCause(new GymException(Kind.UNAVAILABLE, why, null, failure));
  }
}
