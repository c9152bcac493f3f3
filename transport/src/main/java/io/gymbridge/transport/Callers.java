package io.gymbridge.transport;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Notes of each call whether it comes from this host: by a Unix socket or a loopback address. */
public final class Callers implements ServerInterceptor {
  private static final Context.Key<Boolean> LOCAL = Context.keyWithDefault("local caller", false);

  Callers() {}

  /** Whether the call under way comes from this host, as far as is known. */
  public static boolean isLocal() {
    return LOCAL.get();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    SocketAddress from = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    boolean local =
        !(from instanceof InetSocketAddress address)
            || (address.getAddress() != null && address.getAddress().isLoopbackAddress());
    return Contexts.interceptCall(Context.current().withValue(LOCAL, local), call, headers, next);
  }
}
