package io.gymbridge.cli;

import io.gymbridge.transport.BearerToken;
import io.gymbridge.transport.Credentials;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the servers that a command dials want to see. */
final class CredentialOptions {
  @Option(
      names = "--tls-ca",
      paramLabel = "FILE",
      description =
          "The authority of the servers' certificates, PEM; connects to HOST:PORT with TLS.")
  @Nullable Path tlsCa;

  @Option(
      names = "--tls-cert",
      paramLabel = "FILE",
      description = "The client's own certificate, PEM, if the servers want one.")
  @Nullable Path tlsCert;

  @Option(names = "--tls-key", paramLabel = "FILE", description = "Its private key, PEM, PKCS #8.")
  @Nullable Path tlsKey;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "The servers' token is in it. Default: $GYMBRIDGE_TOKEN, if set.")
  @Nullable Path tokenFile;

  @Option(
      names = "--insecure",
      description = "Allow the token to travel to other machines without TLS.")
  boolean insecure;

  Credentials credentials() {
    return new Credentials(tlsCa, tlsCert, tlsKey, BearerToken.read(tokenFile), insecure);
  }
}
