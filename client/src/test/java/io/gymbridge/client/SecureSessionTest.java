package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.transport.BearerToken;
import io.gymbridge.transport.Credentials;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A Java client of a Python server with TLS, client certificates and a token. */
class SecureSessionTest {
  private static final Path CERTIFICATES =
      Path.of(System.getProperty("gymbridge.root", "..")).resolve("testdata").resolve("certs");
  private static final Path CA = CERTIFICATES.resolve("ca.pem");
  private static final String TOKEN = "a-token-for-tests-0123456789";
  private static final Credentials GOOD =
      Credentials.tls(CA)
          .withCertificate(CERTIFICATES.resolve("client.pem"), CERTIFICATES.resolve("client.key"))
          .withToken(TOKEN);
  private static ManagedServer server;

  @BeforeAll
  static void serve() {
    List<String> command =
        List.of(
            PythonServers.interpreter(),
            "-m",
            "gymbridge",
            "serve-env",
            "CartPole-v1",
            "--workers",
            "2",
            "--address",
            "127.0.0.1:0",
            "--exit-with-stdin",
            "--tls-cert",
            CERTIFICATES.resolve("server.pem").toString(),
            "--tls-key",
            CERTIFICATES.resolve("server.key").toString(),
            "--tls-client-ca",
            CA.toString());
    server = ManagedServer.start(command, Map.of(BearerToken.VARIABLE, TOKEN), null);
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static VectorEnv open(Credentials credentials) {
    return RemoteVectorEnv.connect(
        server.address(),
        "CartPole-v1",
        SessionOptions.DEFAULTS.withNumEnvs(4).withCredentials(credentials));
  }

  private static void assertRefused(Kind kind, String why, Credentials credentials) {
    GymException failure = assertThrows(GymException.class, () -> open(credentials).close());
    String message = String.valueOf(failure.getMessage());
    assertEquals(kind, failure.kind(), message);
    assertTrue(message.contains(why), message);
    assertFalse(message.contains(TOKEN), message);
  }

  @Test
  void session_on_two_workers_goes_its_way() {
    assertEquals(
        List.of("CartPole-v1"),
        RemoteEnvironments.list(server.address(), GOOD).environments().stream()
            .map(RemoteEnvironments.Summary::envId)
            .toList());
    try (VectorEnv env = open(GOOD)) {
      env.reset(0L);
      for (int i = 0; i < 20; i++) {
        env.step(NdArray.of(new long[4], 4));
      }
    }
  }

  @Test
  void wrong_or_missing_token_is_refused() {
    assertRefused(
        Kind.PERMISSION_DENIED,
        "wants a token",
        new Credentials(CA, GOOD.tlsCert(), GOOD.tlsKey(), null, false));
    assertRefused(Kind.PERMISSION_DENIED, "is not this server's", GOOD.withToken(TOKEN + "!"));
  }

  @Test
  void missing_or_other_certificate_is_refused() {
    assertRefused(Kind.UNAVAILABLE, "--tls-cert", Credentials.tls(CA).withToken(TOKEN));
    assertRefused(
        Kind.UNAVAILABLE,
        "--tls-cert",
        GOOD.withCertificate(
            CERTIFICATES.resolve("other-client.pem"), CERTIFICATES.resolve("other-client.key")));
  }

  @Test
  void other_authority_and_plaintext_are_told() {
    assertRefused(
        Kind.UNAVAILABLE,
        "authority of --tls-ca",
        Credentials.tls(CERTIFICATES.resolve("other-ca.pem")).withToken(TOKEN));
    assertRefused(Kind.UNAVAILABLE, "--tls-ca", Credentials.NONE.withToken(TOKEN));
  }
}
