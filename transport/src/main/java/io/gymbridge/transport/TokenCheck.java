package io.gymbridge.transport;

import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Refuses calls that do not bring the token, before any of their messages is read. */
final class TokenCheck implements ServerInterceptor {
  /** A load balancer or an orchestrator asks this without a token. */
  private static final String OPEN_METHOD = "grpc.health.v1.Health/Check";

  private static final String SCHEME = "bearer ";

  private final List<Known> known = new ArrayList<>();

  /** A token, as its digest. */
  private record Known(byte[] digest, Set<Right> rights) {}

  TokenCheck(Map<String, Set<Right>> tokens) {
    tokens.forEach((token, rights) -> known.add(new Known(BearerToken.digest(token), rights)));
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (call.getMethodDescriptor().getFullMethodName().equals(OPEN_METHOD)) {
      return next.startCall(call, headers);
    }
    String header = headers.get(BearerToken.HEADER);
    Set<Right> rights = rights(header);
    if (rights != null) {
      return Contexts.interceptCall(Right.with(rights), call, headers, next);
    }
    call.close(
        Status.UNAUTHENTICATED.withDescription(
            (header == null
                    ? "this server wants a token, and the call has none: give the client one"
                    : "the client's token is not this server's")
                + " (--token-file FILE or "
                + BearerToken.VARIABLE
                + "; in code Credentials' token)"),
        new Metadata());
    return new ServerCall.Listener<>() {};
  }

  /** Those of the token in a header; null for none that is known. All are compared, always. */
  private @Nullable Set<Right> rights(@Nullable String header) {
    if (header == null || !header.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
      return null;
    }
    byte[] digest = BearerToken.digest(header.substring(SCHEME.length()));
    Set<Right> rights = null;
    for (Known token : known) {
      if (MessageDigest.isEqual(digest, token.digest())) {
        rights = token.rights();
      }
    }
    return rights;
  }
}
