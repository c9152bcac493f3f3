package io.gymbridge.server.policy;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.gymbridge.transport.Right;
import java.util.Locale;
import java.util.Map;

/** Refuses calls whose token does not give the right to them, before any message is read. */
final class RightsCheck implements ServerInterceptor {
  private static final String OURS = "gymbridge.v1.PolicyService/";
  private static final String OPEN = "inference.GRPCInferenceService/";

  /** All others want {@link Right#ACT}; health and reflection any token or none. */
  private static final Map<String, Right> WANTED =
      Map.of(
          OURS + "PublishPolicy", Right.PUBLISH,
          OURS + "ConfigurePolicy", Right.ADMIN,
          OPEN + "RepositoryModelLoad", Right.ADMIN,
          OPEN + "RepositoryModelUnload", Right.ADMIN);

  private final boolean tokens;
  private final boolean changes;

  /**
   * A check.
   *
   * @param tokens whether callers have to bring tokens at all
   * @param changes whether without them everybody may publish and administer
   */
  RightsCheck(boolean tokens, boolean changes) {
    this.tokens = tokens;
    this.changes = changes;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String method = call.getMethodDescriptor().getFullMethodName();
    Right wanted = WANTED.getOrDefault(method, Right.ACT);
    boolean ours = method.startsWith(OURS) || method.startsWith(OPEN);
    if (!ours || (tokens ? wanted.isHeld() : wanted == Right.ACT || changes)) {
      return next.startCall(call, headers);
    }
    String right = wanted.name().toLowerCase(Locale.ROOT);
    call.close(
        Status.PERMISSION_DENIED.withDescription(
            tokens
                ? "the client's token does not give the right to %s: its line in the server's --tokens-file would have to say \"%s\""
                    .formatted(method, right)
                : "nobody may %s here: start the server with --allow-publish, or with tokens that give the right"
                    .formatted(right)),
        new Metadata());
    return new ServerCall.Listener<>() {};
  }
}
