package io.gymbridge.transport;

import io.grpc.netty.GrpcSslContexts;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** TLS 1.2 and 1.3 by the JDK's own provider, and what its failures mean. */
final class Tls {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  // How a TLS alert begins: what a plaintext client gets from a server that speaks TLS.
  private static final String ALERT = "15030";

  private Tls() {}

  static SslContext client(Path ca, @Nullable Path cert, @Nullable Path key) {
    try {
      SslContextBuilder builder =
          GrpcSslContexts.configure(
                  SslContextBuilder.forClient().trustManager(ca.toFile()), SslProvider.JDK)
              .protocols(PROTOCOLS);
      if (cert != null && key != null) {
        builder.keyManager(cert.toFile(), key.toFile());
      }
      return builder.build();
    } catch (SSLException | IllegalArgumentException e) {
      throw unusable(e, ca, cert, key);
    }
  }

  static SslContext server(Path cert, Path key, @Nullable Path clientCa) {
    try {
      SslContextBuilder builder =
          GrpcSslContexts.configure(
                  SslContextBuilder.forServer(cert.toFile(), key.toFile()), SslProvider.JDK)
              .protocols(PROTOCOLS);
      if (clientCa != null) {
        builder.trustManager(clientCa.toFile()).clientAuth(ClientAuth.REQUIRE);
      }
      return builder.build();
    } catch (SSLException | IllegalArgumentException e) {
      throw unusable(e, cert, key, clientCa);
    }
  }

  private static GymException unusable(Exception e, @Nullable Path... files) {
    StringBuilder names = new StringBuilder();
    for (Path file : files) {
      if (file != null) {
        names.append(names.isEmpty() ? "" : ", ").append(file);
      }
    }
    Throwable root = e;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return new GymException(
        Kind.INVALID_ARGUMENT,
        names
            + " do not do for TLS ("
            + root.getMessage()
            + "): expected certificates in PEM, and their key in PEM, PKCS #8, without a password"
            + " (openssl pkcs8 -topk8 -nodes)",
        null,
        e);
  }

  /** What to do about a connection that failed; null where that is not about TLS. */
  static @Nullable String explain(
      @Nullable Throwable failure, Address address, Credentials credentials) {
    if (address instanceof Address.Unix) {
      return null;
    }
    boolean tls = credentials.usesTls(address);
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (tls && cause instanceof NotSslRecordException) {
        return "the server at %s does not speak TLS: leave out --tls-ca, or start it with --tls-cert"
            .formatted(address);
      }
      if (tls && cause instanceof CertificateException) {
        return "the certificate of the server at %s does not come from the authority of --tls-ca, or is not for this host (%s)"
            .formatted(address, message);
      }
      if (!tls && message.contains("not SETTINGS") && message.contains(ALERT)) {
        return "the server at %s speaks TLS: name its authority with --tls-ca".formatted(address);
      }
    }
    return null;
  }
}
