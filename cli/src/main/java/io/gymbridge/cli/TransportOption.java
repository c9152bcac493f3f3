package io.gymbridge.cli;

import io.gymbridge.client.Transport;
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
}
