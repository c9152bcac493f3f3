package io.gymbridge.server.policy;

import io.gymbridge.core.GymException.Kind;
import java.util.HashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs what was refused, a line for each version and second, however many they were. Thread-safe.
 */
final class Refusals implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Refusals.class);

  private final Catalogue catalogue;
  private final Map<Version, Map<Kind, Long>> seen = new HashMap<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread made = new Thread(work, "gymbridge-refusals");
            made.setDaemon(true);
            return made;
          });

  /** Begins to look, each second. */
  Refusals(Catalogue catalogue) {
    this.catalogue = catalogue;
    var unused =
        thread.scheduleWithFixedDelay(
            () -> look().forEach((version, counts) -> log.info("{} refused {}", version, counts)),
            1,
            1,
            TimeUnit.SECONDS);
  }

  /** What was refused since the last look, by version: {@code 3 RESOURCE_EXHAUSTED, 1 …}. */
  synchronized Map<Version, String> look() {
    Map<Version, String> lines = new HashMap<>();
    Map<Version, Map<Kind, Long>> now = new HashMap<>();
    for (Shelf shelf : catalogue.shelves()) {
      for (Version version : shelf.versions()) {
        Map<Kind, Long> before = seen.getOrDefault(version, Map.of());
        Map<Kind, Long> counts = new HashMap<>();
        StringJoiner news = new StringJoiner(", ");
        for (Kind kind : Kind.values()) {
          long count = version.tally().refusals(kind);
          long more = count - before.getOrDefault(kind, 0L);
          counts.put(kind, count);
          if (more > 0) {
            news.add(more + " " + kind);
          }
        }
        now.put(version, counts);
        if (news.length() > 0) {
          lines.put(version, news.toString());
        }
      }
    }
    seen.clear();
    seen.putAll(now);
    return lines;
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
