package io.gymbridge.cli;

import io.gymbridge.transport.BearerToken;
import io.gymbridge.transport.ServerSecurity;
import java.nio.file.Path;
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
      names = "--insecure",
      description = "Allow an address that other machines can reach, without TLS.")
  boolean insecure;

  ServerSecurity security() {
    return new ServerSecurity(tlsCert, tlsKey, tlsClientCa, BearerToken.read(tokenFile), insecure);
  }
}
