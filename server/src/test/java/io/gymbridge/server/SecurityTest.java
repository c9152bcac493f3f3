package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import io.gymbridge.client.RemotePolicies;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.proto.v1.ListPoliciesRequest;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.server.policy.PolicyServer;
import io.gymbridge.server.policy.ServedPolicy;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import io.gymbridge.transport.ServerSecurity;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets in over TLS, with certificates and with tokens, and what the others are told. */
class SecurityTest {
  private static final Path CERTIFICATES =
      Path.of(System.getProperty("gymbridge.root", "..")).resolve("testdata").resolve("certs");
  private static final Path CA = CERTIFICATES.resolve("ca.pem");
  private static final String TOKEN = "a-token-for-tests-0123456789";
  private static final ServerSecurity TLS =
      ServerSecurity.tls(CERTIFICATES.resolve("server.pem"), CERTIFICATES.resolve("server.key"));
  private static final Credentials TRUSTING = Credentials.tls(CA);

  /** Answers with the observation itself, but for 13. */
  private record Echo() implements Policy {
    @Override
    public Space observationSpace() {
      return Box.of(DType.FLOAT32, -100, 100, 1);
    }

    @Override
    public Space actionSpace() {
      return observationSpace();
    }

    @Override
    public Value act(Value observations, boolean deterministic) {
      if (observations.array().toDoubles()[0] == 13) {
        throw new IllegalStateException("an unlucky number");
      }
      return observations;
    }

    @Override
    public void close() {}
  }

  private static PolicyServer serve(String address, ServerSecurity security) {
    return PolicyServer.start(
        address, List.of(new ServedPolicy("echo", "1", new Echo(), false, Map.of())), security);
  }

  private static PolicyServer serve(ServerSecurity security) {
    return serve("127.0.0.1:0", security);
  }

  private static NdArray observation(float value) {
    return NdArray.of(new float[] {value}, 1, 1);
  }

  private static void assertActs(PolicyServer server, Credentials credentials) {
    try (RemotePolicy policy = RemotePolicy.connect(server.address(), credentials)) {
      assertEquals(observation(3), policy.act(observation(3), true));
    }
  }

  private static void assertRefused(
      Kind kind, String why, PolicyServer server, Credentials credentials) {
    GymException failure =
        assertThrows(
            GymException.class, () -> RemotePolicy.connect(server.address(), credentials).close());
    String message = String.valueOf(failure.getMessage());
    assertEquals(kind, failure.kind(), message);
    assertTrue(message.contains(why), message);
    assertFalse(message.contains(TOKEN), message);
    assertEquals(
        kind,
        assertThrows(GymException.class, () -> RemotePolicies.list(server.address(), credentials))
            .kind());
  }

  private static Credentials with(Credentials credentials, String certificate) {
    return credentials.withCertificate(
        CERTIFICATES.resolve(certificate + ".pem"), CERTIFICATES.resolve(certificate + ".key"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:0", "localhost:0"})
  void policy_acts_over_tls(String address) {
    try (PolicyServer server = serve(address, TLS)) {
      assertActs(server, TRUSTING);
    }
  }

  @Test
  void server_of_another_authority_is_not_trusted() {
    try (PolicyServer server = serve(TLS)) {
      assertRefused(
          Kind.UNAVAILABLE,
          "authority of --tls-ca",
          server,
          Credentials.tls(CERTIFICATES.resolve("other-ca.pem")));
    }
  }

  @Test
  void plaintext_and_tls_that_meet_are_told_apart() {
    try (PolicyServer secure = serve(TLS);
        PolicyServer plain = serve(ServerSecurity.LOCAL)) {
      assertRefused(Kind.UNAVAILABLE, "speaks TLS", secure, Credentials.NONE);
      assertRefused(Kind.UNAVAILABLE, "does not speak TLS", plain, TRUSTING);
    }
  }

  @Test
  void certificate_of_the_right_authority_gets_in() {
    try (PolicyServer server = serve(TLS.withClientCa(CA))) {
      assertActs(server, with(TRUSTING, "client"));
      assertRefused(Kind.UNAVAILABLE, "--tls-cert", server, TRUSTING);
      assertRefused(Kind.UNAVAILABLE, "--tls-cert", server, with(TRUSTING, "other-client"));
    }
  }

  @Test
  void token_is_wanted_with_and_without_tls() {
    try (PolicyServer secure = serve(TLS.withToken(TOKEN));
        PolicyServer plain = serve(ServerSecurity.LOCAL.withToken(TOKEN))) {
      assertActs(secure, TRUSTING.withToken(TOKEN));
      assertRefused(Kind.PERMISSION_DENIED, "--token-file", secure, TRUSTING);
      assertActs(plain, Credentials.NONE.withToken(TOKEN));
      assertRefused(Kind.PERMISSION_DENIED, "wants a token", plain, Credentials.NONE);
      assertRefused(
          Kind.PERMISSION_DENIED,
          "is not this server's",
          plain,
          Credentials.NONE.withToken(TOKEN + TOKEN));
    }
  }

  @Test
  void health_is_open_and_reflection_wants_the_token() throws Exception {
    try (PolicyServer server = serve(ServerSecurity.LOCAL.withToken(TOKEN))) {
      assertEquals(ServingStatus.SERVING, health(server));
      assertThrows(ExecutionException.class, () -> reflect(server, Credentials.NONE));
      assertTrue(
          reflect(server, Credentials.NONE.withToken(TOKEN))
              .getListServicesResponse()
              .toString()
              .contains("gymbridge.v1.PolicyService"));
    }
  }

  @Test
  void strangers_see_no_traceback_and_no_services() throws Exception {
    try (PolicyServer open = serve("0.0.0.0:0", ServerSecurity.INSECURE);
        PolicyServer token = serve("0.0.0.0:0", ServerSecurity.INSECURE.withToken(TOKEN));
        PolicyServer local = serve(ServerSecurity.LOCAL)) {
      assertEquals("", traceback(open, Credentials.NONE));
      assertThrows(ExecutionException.class, () -> reflect(open, Credentials.NONE));
      assertEquals(ServingStatus.SERVING, health(open));
      assertTrue(traceback(token, Credentials.NONE.withToken(TOKEN)).contains("SecurityTest"));
      assertTrue(traceback(local, Credentials.NONE).contains("SecurityTest"));
    }
  }

  private static String here(PolicyServer server) {
    return server.address().replace("0.0.0.0", "127.0.0.1");
  }

  private static String traceback(PolicyServer server, Credentials credentials) {
    try (RemotePolicy policy = RemotePolicy.connect(here(server), credentials)) {
      GymException failure =
          assertThrows(GymException.class, () -> policy.act(observation(13), true));
      assertEquals(Kind.ENVIRONMENT, failure.kind());
      assertTrue(String.valueOf(failure.getMessage()).contains("an unlucky number"));
      return failure.traceback().orElse("");
    }
  }

  private static ServingStatus health(PolicyServer server) {
    ManagedChannel channel = Channels.open(Address.parse(here(server)));
    try {
      return HealthGrpc.newBlockingStub(channel)
          .withDeadlineAfter(20, TimeUnit.SECONDS)
          .check(HealthCheckRequest.getDefaultInstance())
          .getStatus();
    } finally {
      channel.shutdownNow();
    }
  }

  private static ServerReflectionResponse reflect(PolicyServer server, Credentials credentials)
      throws InterruptedException, ExecutionException, TimeoutException {
    ManagedChannel channel = Channels.open(Address.parse(here(server)), credentials);
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    try {
      StreamObserver<ServerReflectionRequest> requests =
          ServerReflectionGrpc.newStub(channel)
              .serverReflectionInfo(
                  new StreamObserver<>() {
                    @Override
                    public void onNext(ServerReflectionResponse response) {
                      answer.complete(response);
                    }

                    @Override
                    public void onError(Throwable failure) {
                      answer.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {
                      answer.completeExceptionally(new IllegalStateException("no answer"));
                    }
                  });
      requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
      return answer.get(20, TimeUnit.SECONDS);
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void session_goes_over_tls_with_certificate_and_token() {
    ServeOptions options =
        ServeOptions.DEFAULTS.withWorkers(2).withSecurity(TLS.withClientCa(CA).withToken(TOKEN));
    Credentials good = with(TRUSTING, "client").withToken(TOKEN);
    try (EnvironmentServer server =
        EnvironmentServer.start("127.0.0.1:0", Served.javaEnvironments(), options)) {
      try (VectorEnv env = open(server, good)) {
        env.reset(0L);
        env.step(NdArray.of(new long[4], 4));
      }
      assertEquals(
          Kind.PERMISSION_DENIED,
          assertThrows(GymException.class, () -> open(server, with(TRUSTING, "client")).close())
              .kind());
      assertEquals(
          Kind.UNAVAILABLE,
          assertThrows(GymException.class, () -> open(server, TRUSTING.withToken(TOKEN)).close())
              .kind());
    }
  }

  private static VectorEnv open(EnvironmentServer server, Credentials credentials) {
    return RemoteVectorEnv.connect(
        server.address(),
        "CartPole-v1",
        SessionOptions.DEFAULTS.withNumEnvs(4).withCredentials(credentials));
  }

  @Test
  void call_without_the_token_ends_as_unauthenticated() {
    try (PolicyServer server = serve(ServerSecurity.LOCAL.withToken(TOKEN))) {
      ManagedChannel channel = Channels.open(Address.parse(server.address()));
      try {
        StatusRuntimeException failure =
            assertThrows(
                StatusRuntimeException.class,
                () ->
                    PolicyServiceGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(20, TimeUnit.SECONDS)
                        .listPolicies(ListPoliciesRequest.getDefaultInstance()));
        assertEquals(Status.Code.UNAUTHENTICATED, failure.getStatus().getCode());
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void address_that_others_reach_wants_tls() {
    for (ServerSecurity security :
        List.of(ServerSecurity.LOCAL, ServerSecurity.LOCAL.withToken(TOKEN))) {
      GymException failure =
          assertThrows(GymException.class, () -> serve("0.0.0.0:0", security).close());
      assertEquals(Kind.PERMISSION_DENIED, failure.kind());
      assertTrue(String.valueOf(failure.getMessage()).contains("--tls-cert"));
    }
    serve("0.0.0.0:0", TLS).close();
  }
}
