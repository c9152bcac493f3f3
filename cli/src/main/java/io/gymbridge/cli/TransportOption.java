package io.gymbridge.cli;

import io.gymbridge.client.Compression;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.client.Transport;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How steps travel to a server of environments. */
final class TransportOption {
  @Option(
      names = "--transport",
      paramLabel = "auto|shm|grpc",
      defaultValue = "auto",
      description =
          "How steps travel: through shared memory (shm), which needs a server on this machine; on the gRPC stream "
              + "(grpc); or through memory where that is possible (auto). Default: ${DEFAULT-VALUE}.")
  Transport transport = Transport.AUTO;

  @Option(
      names = "--compression",
      paramLabel = "none|gzip",
      defaultValue = "none",
      description =
          "Compress large messages (gzip), which pays for pictures over a network. Default: ${DEFAULT-VALUE}.")
  Compression compression = Compression.NONE;

  /** The transport, as the option takes it. */
  String name() {
    return transport.name().toLowerCase(Locale.ROOT);
  }

  /** Has a session do so. */
  SessionOptions applyTo(SessionOptions options) {
    return options.withTransport(transport).withCompression(compression);
  }
}
