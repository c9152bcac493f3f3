package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.PolicySummary;
import io.gymbridge.proto.v1.PolicyVersion;
import io.gymbridge.proto.v1.RefusedVersion;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The versions of one policy that are in service, changed all at once. Thread-safe. */
final class Shelf {
  private static final Logger log = LoggerFactory.getLogger(Shelf.class);

  /** Multiples of it fall evenly into [0, 1), so that a share is kept from the first few on. */
  private static final double GOLDEN_RATIO = 0.6180339887498949;

  private final String name;
  private final AtomicLong picks = new AtomicLong();
  private volatile State state = new State(new TreeMap<>(), Lineup.NEWEST, new TreeMap<>());

  /**
   * What is in service at one time.
   *
   * @param versions by name, oldest first; each held once
   * @param refused why the others are not here
   */
  private record State(
      SortedMap<String, Version> versions, Lineup lineup, SortedMap<String, String> refused) {
    /** What answers those who name no version; null where there is nothing at all. */
    @Nullable Version main() {
      String stable = lineup.labels().get(Lineup.STABLE);
      Version labelled = stable == null ? null : versions.get(stable);
      return labelled != null || versions.isEmpty() ? labelled : versions.get(versions.lastKey());
    }
  }

  Shelf(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  /**
   * The version for a question or a new episode, held for the caller, who releases it.
   *
   * @param wanted a version or a label; empty for the one in service, or the canary in its share
   * @throws GymException NOT_FOUND where there is no such version, naming those there are
   */
  Version pick(String wanted) {
    while (true) {
      Version version = choose(state, wanted);
      // One that was let go of meanwhile is in no newer state.
      if (version.hold()) {
        return version;
      }
    }
  }

  private Version choose(State now, String wanted) {
    Version version;
    if (wanted.isEmpty()) {
      version = now.main();
      Version canary = now.versions().get(now.lineup().labels().getOrDefault(Lineup.CANARY, ""));
      double share = now.lineup().canaryShare();
      if (canary != null && share > 0) {
        double place = (picks.getAndIncrement() * GOLDEN_RATIO) % 1;
        version = place < share ? canary : version;
      }
    } else {
      version = now.versions().get(now.lineup().labels().getOrDefault(wanted, wanted));
    }
    if (version == null) {
      throw new GymException(
          Kind.NOT_FOUND,
          "no version \"%s\" of the policy %s is in service: there are %s%s"
              .formatted(
                  wanted,
                  name,
                  now.versions().keySet(),
                  now.lineup().labels().isEmpty()
                      ? ""
                      : " and the labels " + now.lineup().labels()));
    }
    return version;
  }

  /** Those in service, oldest first, as long as nothing changes. */
  List<Version> versions() {
    return List.copyOf(state.versions().values());
  }

  /** What answers those who name no version, but for the canary's share; null for none. */
  @Nullable Version main() {
    return state.main();
  }

  Lineup lineup() {
    return state.lineup();
  }

  /** Why versions that were found are not in service, by their names. */
  Map<String, String> refused() {
    return state.refused();
  }

  /**
   * Changes what is in service. Versions that leave are let go of, and close when the last episode
   * that began with them has ended.
   *
   * @param versions each held once for this shelf; those that were here already are not held anew
   */
  synchronized void put(List<Version> versions, Lineup lineup, Map<String, String> refused) {
    SortedMap<String, Version> sorted = new TreeMap<>(Names.OLDEST_FIRST);
    versions.forEach(version -> sorted.put(version.name(), version));
    State before = state;
    state = new State(sorted, lineup, new TreeMap<>(refused));
    for (Version old : before.versions().values()) {
      if (sorted.get(old.name()) != old) {
        log.info("{} ({}) goes out of service", old, old.digest());
        old.release();
      }
    }
  }

  /** For people and programs. */
  PolicySummary summary() {
    State now = state;
    PolicySummary.Builder summary = PolicySummary.newBuilder().setName(name);
    Version main = now.main();
    if (main != null) {
      summary.setVersion(main.name());
    }
    for (Version version : now.versions().values()) {
      PolicyVersion.Builder each =
          summary.addVersionsBuilder().setVersion(version.name()).setDigest(version.digest());
      now.lineup()
          .labels()
          .forEach(
              (label, labelled) -> {
                if (labelled.equals(version.name())) {
                  each.addLabels(label);
                }
              });
    }
    now.refused()
        .forEach(
            (version, reason) ->
                summary.addRefused(
                    RefusedVersion.newBuilder().setVersion(version).setReason(reason)));
    return summary.build();
  }
}
