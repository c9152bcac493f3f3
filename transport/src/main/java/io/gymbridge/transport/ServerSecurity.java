package io.gymbridge.transport;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who may use a server. All files are PEM.
 *
 * @param tlsCert the server's certificate; encrypts connections to {@code HOST:PORT}
 * @param tlsKey its private key, PKCS #8
 * @param tlsClientCa the authority that every client's certificate must come from; null to ask for
 *     none
 * @param tokens of which every call must bring one, and what each gives the right to; none for
 *     calls without
 * @param insecure allows other machines to connect without TLS
 */
public record ServerSecurity(
    @Nullable Path tlsCert,
    @Nullable Path tlsKey,
    @Nullable Path tlsClientCa,
    Map<String, Set<Right>> tokens,
    boolean insecure) {

  /** Only for this machine. */
  public static final ServerSecurity LOCAL = new ServerSecurity(null, null, null, Map.of(), false);

  /** For everyone who can reach the address, without encryption. */
  public static final ServerSecurity INSECURE =
      new ServerSecurity(null, null, null, Map.of(), true);

  public ServerSecurity {
    if ((tlsCert == null) != (tlsKey == null)) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "a server's certificate and its key (--tls-cert, --tls-key) belong together: give both or none");
    }
    if (tlsClientCa != null && tlsCert == null) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "--tls-client-ca needs --tls-cert and --tls-key: client certificates travel in TLS");
    }
    tokens.keySet().forEach(token -> BearerToken.check(token, "the server's token"));
    tokens = Map.copyOf(tokens);
  }

  /** With TLS. */
  public static ServerSecurity tls(Path cert, Path key) {
    return new ServerSecurity(cert, key, null, Map.of(), false);
  }

  /** The same for clients with certificates of this authority only. */
  public ServerSecurity withClientCa(Path ca) {
    return new ServerSecurity(tlsCert, tlsKey, ca, tokens, insecure);
  }

  /** The same for clients with this token only, which may do everything. */
  public ServerSecurity withToken(String secret) {
    return withTokens(Map.of(secret, Set.of(Right.values())));
  }

  /** The same for clients with one of these tokens only, and with the rights that it gives. */
  public ServerSecurity withTokens(Map<String, Set<Right>> secrets) {
    return new ServerSecurity(tlsCert, tlsKey, tlsClientCa, secrets, insecure);
  }

  /** Whether whoever gets through to an address may see tracebacks and use reflection. */
  boolean trustsCallers(Address address) {
    return address.isLocal() || !tokens.isEmpty() || tlsClientCa != null;
  }

  /**
   * Refuses addresses that this does not do for.
   *
   * @throws GymException PERMISSION_DENIED for one that other machines can reach; INVALID_ARGUMENT
   *     for a Unix socket with TLS
   */
  void check(Address address) {
    if (address instanceof Address.Unix && tlsCert != null) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          address
              + " is reached through the file system, which --tls-cert adds nothing to: leave it out,"
              + " or use HOST:PORT");
    }
    if (insecure || tlsCert != null || address.isLocal()) {
      return;
    }
    throw new GymException(
        Kind.PERMISSION_DENIED,
        "%s can be reached from other machines, and %s: listen on localhost or a Unix socket, encrypt with"
                .formatted(
                    address,
                    tokens.isEmpty()
                        ? "anyone may connect"
                        : "the token and all else would be readable on the way")
            + " --tls-cert and --tls-key, or say --insecure if the network is trusted");
  }

  @Override
  public String toString() {
    return "ServerSecurity[tlsCert=%s, tlsClientCa=%s, token=%s, insecure=%s]"
        .formatted(tlsCert, tlsClientCa, tokens.isEmpty() ? "none" : "set", insecure);
  }
}
