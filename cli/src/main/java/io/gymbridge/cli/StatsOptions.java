package io.gymbridge.cli;

import io.gymbridge.client.BridgeStats;
import io.gymbridge.client.RemoteVectorEnv;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether to tell where the time of requests to served environments went, and how. */
final class StatsOptions {
  @Option(
      names = "--stats",
      description =
          "At the end, print where the time of requests to the environments' server went: in the environments, in "
              + "coding, in a queue, on the wire.")
  boolean print;

  @Option(
      names = "--stats-json",
      paramLabel = "FILE",
      description = "Write the same there, e.g. for a collector of metrics.")
  @Nullable Path json;

  private final List<RemoteVectorEnv> opened = new ArrayList<>();

  /** Refuses, before any work is done, a file that cannot be written. */
  void check() {
    Outputs.checkWritable(json);
  }

  /** An environment to tell of. */
  void add(RemoteVectorEnv env) {
    opened.add(env);
  }

  /** Prints and writes what was asked for. */
  void report() {
    if (!print && json == null) {
      return;
    }
    List<BridgeStats> all = opened.stream().map(RemoteVectorEnv::bridgeStats).toList();
    if (print && all.isEmpty()) {
      System.out.println("no requests to a server: the environments are in this process");
    }
    if (print) {
      all.forEach(stats -> System.out.print(text(stats)));
    }
    Outputs.json(json, Map.of("sessions", all.stream().map(StatsOptions::figures).toList()));
  }

  static String text(BridgeStats stats) {
    TextTable table =
        new TextTable(
            "requests",
            "count",
            "sent",
            "received",
            "µs",
            "total",
            "environment",
            "server codec",
            "queue",
            "wire",
            "+ client codec");
    stats
        .requests()
        .forEach(
            (kind, requests) -> {
              table.row(
                  row(
                      List.of(
                          kind,
                          "%,d".formatted(requests.count()),
                          kib(requests.bytesSent()),
                          kib(requests.bytesReceived()),
                          "p50"),
                      requests,
                      BridgeStats.Times::p50));
              table.row(row(List.of("", "", "", "", "p99"), requests, BridgeStats.Times::p99));
              table.row(row(List.of("", "", "", "", "mean"), requests, BridgeStats.Times::mean));
            });
    StringBuilder text = new StringBuilder(table.toString());
    for (BridgeStats.Way way : stats.ways()) {
      text.append("  lanes %s: %s".formatted(way.lanes(), name(way)));
      text.append(way.why().isEmpty() ? "\n" : " (no shared memory: %s)\n".formatted(way.why()));
    }
    return text.toString();
  }

  private interface Figure {
    double of(BridgeStats.Times times);
  }

  private static String[] row(List<String> head, BridgeStats.Requests requests, Figure figure) {
    List<String> cells = new ArrayList<>(head);
    times(requests).values().forEach(times -> cells.add("%,.1f".formatted(figure.of(times))));
    return cells.toArray(String[]::new);
  }

  private static String kib(long bytes) {
    return "%,.1f KiB".formatted(bytes / 1024.0);
  }

  private static String name(BridgeStats.Way way) {
    return switch (way.transport()) {
      case SHM -> "shared memory";
      case AUTO, GRPC -> "gRPC";
    };
  }

  /** In the order of the table. */
  private static Map<String, BridgeStats.Times> times(BridgeStats.Requests requests) {
    Map<String, BridgeStats.Times> times = new LinkedHashMap<>();
    times.put("total_us", requests.total());
    times.put("environment_us", requests.environment());
    times.put("server_codec_us", requests.serverCodec());
    times.put("queue_us", requests.queue());
    times.put("wire_us", requests.wire());
    times.put("client_codec_us", requests.clientCodec());
    return times;
  }

  /** As the Python client's {@code bridge_stats()} has them. */
  static Map<String, Object> figures(BridgeStats stats) {
    Map<String, Object> kinds = new LinkedHashMap<>();
    stats
        .requests()
        .forEach(
            (kind, requests) -> {
              Map<String, Object> figures = new LinkedHashMap<>();
              figures.put("count", requests.count());
              figures.put("bytes_sent", requests.bytesSent());
              figures.put("bytes_received", requests.bytesReceived());
              figures.putAll(times(requests));
              kinds.put(kind, figures);
            });
    List<Map<String, String>> ways = new ArrayList<>();
    for (BridgeStats.Way way : stats.ways()) {
      Map<String, String> figures = new LinkedHashMap<>();
      figures.put("lanes", way.lanes());
      figures.put("transport", way.transport().name().toLowerCase(Locale.ROOT));
      figures.put("why", way.why());
      ways.add(figures);
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("requests", kinds);
    figures.put("transports", ways);
    return figures;
  }
}
