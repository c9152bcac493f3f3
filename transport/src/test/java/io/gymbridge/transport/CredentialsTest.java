package io.gymbridge.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CredentialsTest {
  private static final String TOKEN = "a-token-for-tests-0123456789";
  private static final Path CERTIFICATES =
      Path.of(System.getProperty("gymbridge.root", "..")).resolve("testdata").resolve("certs");
  private static final Path SERVER = CERTIFICATES.resolve("server.pem");
  private static final Address AWAY = Address.parse("192.0.2.1:50051");

  private static String refusal(Kind kind, Runnable call) {
    GymException failure = assertThrows(GymException.class, call::run);
    assertEquals(kind, failure.kind());
    return String.valueOf(failure.getMessage());
  }

  @Test
  void token_travels_to_other_machines_only_in_tls_or_on_demand() {
    Credentials plain = Credentials.NONE.withToken(TOKEN);
    assertTrue(
        refusal(Kind.PERMISSION_DENIED, () -> plain.check(AWAY)).contains("readable by all"));
    plain.check(Address.parse("127.0.0.1:1"));
    plain.check(Address.parse("unix:/tmp/s.sock"));
    new Credentials(null, null, null, TOKEN, true).check(AWAY);
    Credentials.tls(SERVER).withToken(TOKEN).check(AWAY);
    assertFalse(Credentials.tls(SERVER).usesTls(Address.parse("unix:/tmp/s.sock")));
  }

  @Test
  void token_is_never_shown() {
    assertFalse(Credentials.NONE.withToken(TOKEN).toString().contains(TOKEN));
    assertFalse(ServerSecurity.LOCAL.withToken(TOKEN).toString().contains(TOKEN));
    String weak = "hunter2";
    assertFalse(
        refusal(Kind.INVALID_ARGUMENT, () -> Credentials.NONE.withToken(weak)).contains(weak));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "short",
        "has a space in its middle",
        "has\nline breaks in it",
        "ümläute-are-not-ascii"
      })
  void file_without_a_token_is_refused(String content, @TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("token"), content);
    assertTrue(
        refusal(Kind.INVALID_ARGUMENT, () -> BearerToken.read(file)).contains("openssl rand"));
  }

  @Test
  void token_is_read_without_its_line_break(@TempDir Path directory) throws IOException {
    assertEquals(
        TOKEN, BearerToken.read(Files.writeString(directory.resolve("token"), TOKEN + "\n")));
  }

  @Test
  void halves_are_refused() {
    refusal(Kind.INVALID_ARGUMENT, () -> new Credentials(SERVER, SERVER, null, null, false));
    refusal(Kind.INVALID_ARGUMENT, () -> new Credentials(null, SERVER, SERVER, null, false));
    refusal(Kind.INVALID_ARGUMENT, () -> new ServerSecurity(SERVER, null, null, Map.of(), false));
    refusal(Kind.INVALID_ARGUMENT, () -> new ServerSecurity(null, null, SERVER, Map.of(), false));
  }

  @Test
  void files_that_do_not_do_are_named() {
    Path ca = CERTIFICATES.resolve("ca.pem");
    Path missing = CERTIFICATES.resolve("missing.key");
    Address address = Address.parse("127.0.0.1:0");
    assertTrue(
        refusal(
                Kind.INVALID_ARGUMENT,
                () -> Servers.builder(address, ServerSecurity.tls(SERVER, missing), List.of()))
            .contains("missing.key"));
    assertTrue(
        refusal(
                Kind.INVALID_ARGUMENT,
                () -> Servers.builder(address, ServerSecurity.tls(SERVER, ca), List.of()))
            .contains("PKCS #8"));
    assertTrue(
        refusal(
                Kind.INVALID_ARGUMENT,
                () -> Channels.open(AWAY, Credentials.tls(CERTIFICATES.resolve("make.sh"))))
            .contains("make.sh"));
  }

  @Test
  void unix_socket_wants_no_tls() {
    assertTrue(
        refusal(
                Kind.INVALID_ARGUMENT,
                () ->
                    ServerSecurity.tls(SERVER, CERTIFICATES.resolve("server.key"))
                        .check(Address.parse("unix:/tmp/s.sock")))
            .contains("file system"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"unix:/tmp/s.sock", "localhost:1", "127.0.0.1:1", "127.1.2.3:1", "[::1]:1"})
  void local_address_is_known_as_such(String address) {
    assertTrue(Address.parse(address).isLocal());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0:1", "192.0.2.1:1", "[::]:1", "no.such.host.invalid:1"})
  void other_address_is_not_local(String address) {
    assertFalse(Address.parse(address).isLocal());
  }
}
