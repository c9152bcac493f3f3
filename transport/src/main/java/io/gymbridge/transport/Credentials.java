package io.gymbridge.transport;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a client connects to {@code HOST:PORT} and proves who it is. Unix sockets never use TLS. All
 * files are PEM.
 *
 * @param tlsCa the authority that the server's certificate must come from; connects with TLS
 * @param tlsCert the client's own certificate, where the server wants one
 * @param tlsKey its private key, PKCS #8
 * @param token sent with each call as {@code authorization: Bearer TOKEN}
 * @param insecure allows the token to travel to another machine without TLS
 */
public record Credentials(
    @Nullable Path tlsCa,
    @Nullable Path tlsCert,
    @Nullable Path tlsKey,
    @Nullable String token,
    boolean insecure) {

  /** No TLS, no token. */
  public static final Credentials NONE = new Credentials(null, null, null, null, false);

  public Credentials {
    if ((tlsCert == null) != (tlsKey == null)) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "a client's certificate and its key (--tls-cert, --tls-key) belong together: give both or none");
    }
    if (tlsCert != null && tlsCa == null) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "a client's certificate (--tls-cert) needs --tls-ca: the server's is checked too");
    }
    if (token != null) {
      BearerToken.check(token, "the client's token");
    }
  }

  /** Connects with TLS to servers whose certificates come from this authority. */
  public static Credentials tls(Path ca) {
    return new Credentials(ca, null, null, null, false);
  }

  /** The same with a certificate of the client's own. */
  public Credentials withCertificate(Path cert, Path key) {
    return new Credentials(tlsCa, cert, key, token, insecure);
  }

  /** The same with a token. */
  public Credentials withToken(String secret) {
    return new Credentials(tlsCa, tlsCert, tlsKey, secret, insecure);
  }

  /** Whether a connection to an address uses TLS. */
  boolean usesTls(Address address) {
    return tlsCa != null && address instanceof Address.Tcp;
  }

  /**
   * Refuses to send the token where everybody on the way could read it.
   *
   * @throws GymException PERMISSION_DENIED
   */
  void check(Address address) {
    if (token != null && !insecure && !usesTls(address) && !address.isLocal()) {
      throw new GymException(
          Kind.PERMISSION_DENIED,
          "the token would travel to %s readable by all on the way: connect with TLS (--tls-ca), or say"
                  .formatted(address)
              + " --insecure if the network is trusted");
    }
  }

  @Override
  public String toString() {
    return "Credentials[tlsCa=%s, tlsCert=%s, token=%s]"
        .formatted(tlsCa, tlsCert, token == null ? "none" : "set");
  }
}
