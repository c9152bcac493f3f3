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
 * Says plainly why a connection could not be secured, in the status of calls on a channel that had
 * no answer yet: where it is certain, as a {@link GymException} that is its cause.
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
    Throwable cause = status.getCause();
    String why = Tls.explain(cause == null ? status.asException() : cause, address, credentials);
    if (why == null) {
      return status;
    }
    // Without a cause the connection may also have been lost for another reason.
    return cause == null
        ? status.withDescription(why)
        : status
            .withDescription(why)
            .withCause(new GymException(Kind.UNAVAILABLE, why, null, cause));
  }
}
