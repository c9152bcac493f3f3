package io.gymbridge.server.policy;

import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Statuses;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * A policy server's figures, read when somebody asks for them: serving itself only counts. A
 * version's series end when it leaves service, with what its last episodes still count.
 * Thread-safe.
 */
final class PolicyMetrics implements MultiCollector {
  private static final double NANOS = 1e9;

  private final Catalogue catalogue;
  private final Batches batches;
  private final RequestLog log;

  PolicyMetrics(Catalogue catalogue, Batches batches, RequestLog log) {
    this.catalogue = catalogue;
    this.batches = batches;
    this.log = log;
  }

  @Override
  public MetricSnapshots collect() {
    List<Version> versions = new ArrayList<>();
    for (Shelf shelf : catalogue.shelves()) {
      versions.addAll(shelf.versions());
    }
    List<MetricSnapshot> all = new ArrayList<>();
    all.add(requests(versions));
    all.add(
        counter(
            "gymbridge_policy_rows",
            "Observations that were answered.",
            versions,
            tally -> tally.rows()));
    all.add(
        counter(
            "gymbridge_policy_batches",
            "Batches that were computed.",
            versions,
            tally -> tally.batches()));
    all.add(
        counter(
            "gymbridge_policy_queue_seconds",
            "Time that requests waited to be computed, summed over requests.",
            versions,
            tally -> tally.waitedNanos() / NANOS));
    all.add(
        histogram(
            "gymbridge_policy_compute_seconds",
            "Time to compute a batch.",
            versions,
            Tally::computations));
    all.add(
        histogram(
            "gymbridge_policy_request_seconds",
            "Time from a request's arrival to its answer, of those answered.",
            versions,
            Tally::answers));
    all.add(versionsInfo(versions));
    all.add(versionCounts());
    all.add(gauge("gymbridge_waiting_rows", "Observations that wait.", batches.waiting()));
    RequestLog.Counts logged = log.counts();
    all.add(sum("gymbridge_request_log_episodes", "Episodes written.", (double) logged.episodes()));
    all.add(sum("gymbridge_request_log_rows", "Observations written.", (double) logged.rows()));
    all.add(
        sum(
            "gymbridge_request_log_dropped_rows",
            "Observations of chosen episodes that were not written.",
            (double) logged.dropped()));
    all.add(memory());
    return new MetricSnapshots(all);
  }

  private static Labels labels(Version version) {
    return Labels.of("policy", version.policy(), "version", version.name());
  }

  private static CounterSnapshot requests(List<Version> versions) {
    CounterSnapshot.Builder requests =
        CounterSnapshot.builder()
            .name("gymbridge_policy_requests")
            .help("Requests by the gRPC status that they were answered with.");
    for (Version version : versions) {
      requests.dataPoint(point(version, "OK", (double) version.tally().answered()));
      for (Kind kind : Kind.values()) {
        long refused = version.tally().refusals(kind);
        if (refused > 0) {
          requests.dataPoint(point(version, Statuses.code(kind).name(), (double) refused));
        }
      }
    }
    return requests.build();
  }

  private static CounterDataPointSnapshot point(Version version, String status, double count) {
    return CounterDataPointSnapshot.builder()
        .labels(labels(version).add("status", status))
        .value(count)
        .build();
  }

  private static CounterSnapshot counter(
      String name, String help, List<Version> versions, ToDoubleFunction<Tally> figure) {
    CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
    for (Version version : versions) {
      counter.dataPoint(
          CounterDataPointSnapshot.builder()
              .labels(labels(version))
              .value(figure.applyAsDouble(version.tally()))
              .build());
    }
    return counter.build();
  }

  private static HistogramSnapshot histogram(
      String name, String help, List<Version> versions, Function<Tally, DurationHistogram> figure) {
    HistogramSnapshot.Builder histogram = HistogramSnapshot.builder().name(name).help(help);
    for (Version version : versions) {
      DurationHistogram durations = figure.apply(version.tally());
      histogram.dataPoint(
          HistogramDataPointSnapshot.builder()
              .labels(labels(version))
              .classicHistogramBuckets(
                  ClassicHistogramBuckets.of(DurationHistogram.bounds(), durations.counts()))
              .sum(durations.nanos() / NANOS)
              .build());
    }
    return histogram.build();
  }

  private static GaugeSnapshot versionsInfo(List<Version> versions) {
    GaugeSnapshot.Builder info =
        GaugeSnapshot.builder()
            .name("gymbridge_policy_version_in_service")
            .help("1 for each version in service, with the digest of its graph.");
    for (Version version : versions) {
      info.dataPoint(value(labels(version).add("digest", version.digest()), 1));
    }
    return info.build();
  }

  private GaugeSnapshot versionCounts() {
    GaugeSnapshot.Builder counts =
        GaugeSnapshot.builder()
            .name("gymbridge_policy_versions")
            .help("Versions of a policy in service, and those that were found and refused.");
    for (Shelf shelf : catalogue.shelves()) {
      counts.dataPoint(
          value(Labels.of("policy", shelf.name(), "state", "in_service"), shelf.versions().size()));
      counts.dataPoint(
          value(Labels.of("policy", shelf.name(), "state", "refused"), shelf.refused().size()));
    }
    return counts.build();
  }

  private static GaugeSnapshot memory() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    return GaugeSnapshot.builder()
        .name("jvm_memory_used_bytes")
        .help("Memory that the Java machine uses; not that of native libraries.")
        .dataPoint(value(Labels.of("area", "heap"), (double) memory.getHeapMemoryUsage().getUsed()))
        .dataPoint(
            value(Labels.of("area", "nonheap"), (double) memory.getNonHeapMemoryUsage().getUsed()))
        .build();
  }

  private static CounterSnapshot sum(String name, String help, double value) {
    return CounterSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(CounterDataPointSnapshot.builder().value(value).build())
        .build();
  }

  private static GaugeSnapshot gauge(String name, String help, double value) {
    return GaugeSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(value(Labels.EMPTY, value))
        .build();
  }

  private static GaugeDataPointSnapshot value(Labels labels, double value) {
    return GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
  }
}
