package io.gymbridge.transport;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of a connection. One event loop serves all channels of this process, and calls
 * back on its own thread: listeners must not block. Thread-safe.
 */
public final class Channels {
  /** Largest message taken unless told otherwise: 256 MiB. */
  public static final int DEFAULT_MAX_MESSAGE_BYTES = 256 << 20;

  private static final int FLOW_CONTROL_WINDOW = 8 << 20;

  private static final Map<String, ?> RETRIES =
      Map.of(
          "maxAttempts",
          4.0,
          "initialBackoff",
          "0.02s",
          "maxBackoff",
          "1s",
          "backoffMultiplier",
          2.0,
          "retryableStatusCodes",
          List.of("UNAVAILABLE"));

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
      builder = keptAlive(NettyChannelBuilder.forAddress(tcp.host(), tcp.port()));
    } else {
      builder =
          NettyChannelBuilder.forAddress(Sockets.socketAddress(address))
              .overrideAuthority("localhost")
              // A Unix socket has no such option, and Netty would warn of that.
              .withOption(ChannelOption.SO_KEEPALIVE, null);
    }
    if (gzip) {
      builder.intercept(new Gzip.Asking());
    }
    return finish(builder, address, credentials)
        .maxInboundMessageSize(maxMessageBytes)
        .disableRetry()
        .build();
  }

  /**
   * A channel that spreads its calls over several servers of the same thing, each in its turn, and
   * leaves out those that cannot be reached. A call that may be sent twice, and that a server did
   * not take (UNAVAILABLE), is sent to another.
   *
   * @param repeatable full names of the methods whose calls may be sent twice
   * @param hedgeAfter how long such a call waits before it is sent a second time, to the server
   *     whose turn it is then, and the first answer counts; it is sent at once where a server has
   *     too much to do or is lost. Null for never
   * @throws io.gymbridge.core.GymException as {@link #open(Address, Credentials, int)}
   */
  public static ManagedChannel balanced(
      List<Address.Tcp> servers,
      Credentials credentials,
      List<String> repeatable,
      @Nullable Duration hedgeAfter) {
    servers.forEach(credentials::check);
    List<Map<String, ?>> methods =
        repeatable.stream()
            .<Map<String, ?>>map(
                name -> {
                  int slash = name.indexOf('/');
                  return Map.of(
                      "service", name.substring(0, slash), "method", name.substring(slash + 1));
                })
            .toList();
    Map<String, ?> config =
        hedgeAfter == null
            ? Map.of("methodConfig", List.of(Map.of("name", methods, "retryPolicy", RETRIES)))
            : Map.of(
                "methodConfig",
                List.of(Map.of("name", methods, "hedgingPolicy", hedging(hedgeAfter))),
                // Where most servers have too much to do, second calls would only be more of it.
                "retryThrottling",
                Map.of("maxTokens", 100.0, "tokenRatio", 1.0));
    NettyChannelBuilder builder =
        keptAlive(NettyChannelBuilder.forTarget(ServerList.target(servers)))
            .defaultLoadBalancingPolicy("round_robin")
            .defaultServiceConfig(config);
    return finish(builder, servers.get(0), credentials)
        .maxInboundMessageSize(DEFAULT_MAX_MESSAGE_BYTES)
        .enableRetry()
        .build();
  }

  private static Map<String, ?> hedging(Duration after) {
    return Map.of(
        "maxAttempts",
        2.0,
        "hedgingDelay",
        "%d.%09ds".formatted(after.toSeconds(), after.toNanosPart()),
        "nonFatalStatusCodes",
        List.of("UNAVAILABLE", "RESOURCE_EXHAUSTED"));
  }

  /** A host that vanished is noticed, also while an environment thinks for long. */
  private static NettyChannelBuilder keptAlive(NettyChannelBuilder builder) {
    return builder.keepAliveTime(30, TimeUnit.SECONDS).keepAliveTimeout(10, TimeUnit.SECONDS);
  }

  private static NettyChannelBuilder finish(
      NettyChannelBuilder builder, Address address, Credentials credentials) {
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
    if (address instanceof Address.Tcp) {
      builder.intercept(new Explanation(address, credentials));
    }
    return builder
        .eventLoopGroup(SharedLoop.GROUP)
        .channelType(Sockets.channel(address))
        .directExecutor()
        // A fixed window: without it grpc-java pings to measure one, at each message.
        .flowControlWindow(FLOW_CONTROL_WINDOW);
  }
}
