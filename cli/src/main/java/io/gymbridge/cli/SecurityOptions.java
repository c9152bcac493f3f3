package io.gymbridge.cli;

import io.gymbridge.transport.BearerToken;
import io.gymbridge.transport.ServerSecurity;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Who may use a server that a command starts. */
final class SecurityOptions {
  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description = "The server's certificate, PEM; encrypts connections to HOST:PORT.")
  @Nullable Path tlsCert;

  @Option(names = "--tls-key", paramLabel = "FILE", description = "Its private key, PEM, PKCS #8.")
  @Nullable Path tlsKey;

  @Option(
      names = "--tls-client-ca",
      paramLabel = "FILE",
      description = "Clients must have a certificate of this authority.")
  @Nullable Path tlsClientCa;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "Clients must bring the token in it. Default: $GYMBRIDGE_TOKEN, if set.")
  @Nullable Path tokenFile;

  @Option(
      names = "--tokens-file",
      paramLabel = "FILE",
      description = {
        "Clients must bring one of the tokens in it, and may do what its line says:",
        "rights (act, publish, admin) with commas, a space, and the token."
      })
  @Nullable Path tokensFile;

  @Option(
      names = "--insecure",
      description = "Allow an address that other machines can reach, without TLS.")
  boolean insecure;

  ServerSecurity security() {
    ServerSecurity security = new ServerSecurity(tlsCert, tlsKey, tlsClientCa, Map.of(), insecure);
    if (tokensFile != null) {
      if (tokenFile != null) {
        throw new UserError("--token-file and --tokens-file exclude each other: give one of them");
      }
      return security.withTokens(BearerToken.readScoped(tokensFile));
    }
    String token = BearerToken.read(tokenFile);
    return token == null ? security : security.withToken(token);
  }
}
