package io.gymbridge.transport;

import com.google.common.base.Throwables;
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
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** TLS 1.2 and 1.3 by the JDK's own provider, and what its failures mean. */
final class Tls {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  // What grpc-java says where the other side hangs up, or answers with a TLS alert.
  private static final String CLOSED = "Network closed";
  private static final String NOT_HTTP2 = "First received frame was not SETTINGS";

  /** By a server that closed before it had read all that was said. */
  private static final String RESET = "Connection reset";

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

  /** What to do about a connection that never came to be; null where that is not about TLS. */
  static @Nullable String explain(Throwable failure, Address address, Credentials credentials) {
    List<Throwable> causes = Throwables.getCausalChain(failure);
    String last = String.valueOf(causes.get(causes.size() - 1).getMessage());
    boolean hungUp = Stream.of(CLOSED, NOT_HTTP2, RESET).anyMatch(last::contains);
    if (!credentials.usesTls(address)) {
      return hungUp
          ? "the server at %s ended the connection (%s): if it speaks TLS, name its authority with --tls-ca"
              .formatted(address, last)
          : null;
    }
    if (has(causes, NotSslRecordException.class)) {
      return "the server at %s does not speak TLS: leave out --tls-ca, or start it with --tls-cert"
          .formatted(address);
    }
    if (has(causes, CertificateException.class)) {
      return "the certificate of the server at %s does not come from the authority of --tls-ca, or is not for this host (%s)"
          .formatted(address, last);
    }
    if (hungUp || has(causes, SSLException.class)) {
      return "the server at %s ended the connection (%s): %s"
          .formatted(
              address,
              last,
              credentials.tlsCert() == null
                  ? "if it wants a certificate of its clients, give one with --tls-cert and --tls-key"
                  : "it may not know the authority of --tls-cert");
    }
    return null;
  }

  private static boolean has(List<Throwable> causes, Class<? extends Throwable> kind) {
    return causes.stream().anyMatch(kind::isInstance);
  }
}
