package io.gymbridge.transport;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.security.MessageDigest;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Refuses calls that do not bring the token, before any of their messages is read. */
final class TokenCheck implements ServerInterceptor {
  /** A load balancer or an orchestrator asks this without a token. */
  private static final String OPEN_METHOD = "grpc.health.v1.Health/Check";

  private static final String SCHEME = "bearer ";

  private final byte[] digest;

  TokenCheck(String token) {
    this.digest = BearerToken.digest(token);
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String complaint =
        call.getMethodDescriptor().getFullMethodName().equals(OPEN_METHOD)
            ? null
            : complaint(headers.get(BearerToken.HEADER));
    if (complaint == null) {
      return next.startCall(call, headers);
    }
    call.close(Status.UNAUTHENTICATED.withDescription(complaint), new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private @Nullable String complaint(@Nullable String header) {
    if (header == null) {
      return "this server wants a token, and the call has none: give the client one (--token-file FILE or "
          + BearerToken.VARIABLE
          + "; in code Credentials' token)";
    }
    if (header.toLowerCase(Locale.ROOT).startsWith(SCHEME)
        && MessageDigest.isEqual(BearerToken.digest(header.substring(SCHEME.length())), digest)) {
      return null;
    }
    return "the client's token is not this server's (--token-file FILE or "
        + BearerToken.VARIABLE
        + "; in code Credentials' token)";
  }
}
