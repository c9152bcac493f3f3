package io.gymbridge.cli.serving;

import io.grpc.ManagedChannel;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Callers of one server, and their connections. */
final class Callers implements AutoCloseable {
  /** Callers who share a connection, where it is not said otherwise. */
  static final int PER_CONNECTION = 8;

  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<Caller> all = new ArrayList<>();

  private Callers(
      String address, int count, int perConnection, Function<ManagedChannel, Caller> make) {
    for (int i = 0; i < count; i++) {
      if (i % perConnection == 0) {
        channels.add(Channels.open(Address.parse(address), Credentials.NONE));
      }
      all.add(make.apply(channels.get(channels.size() - 1)));
    }
  }

  /** So many streams, eight of them on a connection. */
  static Callers streams(String address, int count) {
    return new Callers(address, count, PER_CONNECTION, StreamCaller::new);
  }

  /**
   * So many who make calls, as many of them on one connection as are told.
   *
   * @param rows observations of a call
   */
  static Callers unary(String address, int count, int perConnection, int rows) {
    ActRequest question = BenchPolicy.question(rows);
    return new Callers(
        address, count, perConnection, channel -> new UnaryCaller(channel, question));
  }

  List<Caller> all() {
    return all;
  }

  @Override
  public void close() {
    all.forEach(Caller::close);
    channels.forEach(ManagedChannel::shutdownNow);
  }
}
