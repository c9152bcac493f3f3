package io.gymbridge.transport;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The client's end of a connection. One event loop serves all channels of this process, and calls
 * back on its own thread: listeners must not block. Thread-safe.
 */
public final class Channels {
  /** Largest message taken unless told otherwise: 256 MiB. */
  public static final int DEFAULT_MAX_MESSAGE_BYTES = 256 << 20;

  private static final int FLOW_CONTROL_WINDOW = 8 << 20;

  private Channels() {}

  /** Started by the first channel. */
  private static final class SharedLoop {
    static final EventLoopGroup GROUP = Sockets.eventLoops(1, "gymbridge-client");
  }

  /** A channel to an address; it connects when first used, and connects again after a loss. */
  public static ManagedChannel open(Address address) {
    return open(address, Credentials.NONE);
  }

  /** As {@link #open(Address)}, to a server that wants TLS or a token. */
  public static ManagedChannel open(Address address, Credentials credentials) {
    return open(address, credentials, DEFAULT_MAX_MESSAGE_BYTES);
  }

  /**
   * As {@link #open(Address)}.
   *
   * @param maxMessageBytes largest message taken; a larger one fails its call with
   *     RESOURCE_EXHAUSTED
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT for files that do not do for TLS;
   *     PERMISSION_DENIED where the token would be readable on its way
   */
  public static ManagedChannel open(Address address, Credentials credentials, int maxMessageBytes) {
    return open(address, credentials, maxMessageBytes, false);
  }

  /**
   * As {@link #open(Address, Credentials, int)}.
   *
   * @param gzip whether large messages are compressed, both ways, where the server can do with that
   */
  public static ManagedChannel open(
      Address address, Credentials credentials, int maxMessageBytes, boolean gzip) {
    credentials.check(address);
    NettyChannelBuilder builder;
    if (address instanceof Address.Tcp tcp) {
      builder =
          NettyChannelBuilder.forAddress(tcp.host(), tcp.port())
              // A host that vanished is noticed, also while an environment thinks for long.
              .keepAliveTime(30, TimeUnit.SECONDS)
              .keepAliveTimeout(10, TimeUnit.SECONDS);
    } else {
      builder =
          NettyChannelBuilder.forAddress(Sockets.socketAddress(address))
              .overrideAuthority("localhost")
              // A Unix socket has no such option, and Netty would warn of that.
              .withOption(ChannelOption.SO_KEEPALIVE, null);
    }
    Path ca = credentials.tlsCa();
    if (ca != null && credentials.usesTls(address)) {
      builder.sslContext(Tls.client(ca, credentials.tlsCert(), credentials.tlsKey()));
    } else {
      builder.usePlaintext();
    }
    String token = credentials.token();
    if (token != null) {
      builder.intercept(new TokenSender(token));
    }
    if (gzip) {
      builder.intercept(new Gzip.Asking());
    }
    if (address instanceof Address.Tcp) {
      builder.intercept(new Explanation(address, credentials));
    }
    return builder
        .eventLoopGroup(SharedLoop.GROUP)
        .channelType(Sockets.channel(address))
        .directExecutor()
        // A fixed window: without it grpc-java pings to measure one, at each message.
        .flowControlWindow(FLOW_CONTROL_WINDOW)
        .maxInboundMessageSize(maxMessageBytes)
        .disableRetry()
        .build();
  }
}
