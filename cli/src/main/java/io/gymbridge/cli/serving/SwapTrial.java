package io.gymbridge.cli.serving;

import com.google.protobuf.ByteString;
import io.gymbridge.cli.bench.Interval;
import io.gymbridge.client.PolicyAdmin;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.transport.Credentials;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * New versions are published while callers ask at a steady rate. Each version acts as no other
 * does, so that an answer shows whether it comes from the version that it names; and that has to be
 * one that was in service when its episode began.
 */
public final class SwapTrial {
  private static final long NANOS = 1_000_000_000;

  private final String address;
  private final List<BenchPolicy> versions;
  private final double rate;
  private final double window;
  private final int streams;
  private final int episode;
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong misrouted = new AtomicLong();
  private final AtomicLong outOfService = new AtomicLong();
  private final Map<Integer, Long> begun = new ConcurrentHashMap<>();
  private final Map<Integer, Long> over = new ConcurrentHashMap<>();
  private final Map<Integer, Integer> answersOf = new ConcurrentHashMap<>();
  private final List<Latencies> windows = new ArrayList<>();
  private final List<Double> publishMillis = new ArrayList<>();

  /**
   * A trial.
   *
   * @param versions the first is in service as version 1; the others are published as 2 and so on
   * @param rate questions a second
   * @param window seconds; every other one begins with a publication
   * @param streams that the questions come on
   */
  public SwapTrial(
      String address, List<BenchPolicy> versions, double rate, double window, int streams) {
    this.address = address;
    this.versions = List.copyOf(versions);
    this.rate = rate;
    this.window = window;
    this.streams = streams;
    // Half a window: each version gets its episodes.
    this.episode = (int) Math.max(1, rate * window / 2 / streams);
    begun.put(1, Long.MIN_VALUE);
    for (int i = 0; i < 2 * versions.size(); i++) {
      windows.add(new Latencies());
    }
    for (int i = 0; i < versions.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (versions.get(i).acts(sent(versions.get(j)))) {
          throw new IllegalStateException("versions %d and %d act alike".formatted(i, j));
        }
      }
    }
  }

  private static ByteString sent(BenchPolicy version) {
    return ByteString.copyFrom(version.actions().data());
  }

  /**
   * What came of it.
   *
   * @param questions that were asked
   * @param failed answers that were none
   * @param misrouted answers that are not what the version does that they name, or that left the
   *     version with which their episode began
   * @param outOfService answers from a version that was not in service when the episode began
   * @param versionsSeen versions that answered
   * @param withSwap p99 of the windows in which a version was published, µs
   * @param without p99 of the windows after them, µs
   * @param publishMillis how long publishing took
   */
  public record Result(
      long questions,
      double rate,
      long failed,
      long misrouted,
      long outOfService,
      int versionsSeen,
      double[] withSwap,
      double[] without,
      double[] publishMillis) {
    /** Whether each answer came, and from whom it should. */
    public boolean correct() {
      return failed == 0 && misrouted == 0 && outOfService == 0;
    }

    /** The median of the pairs' quotients. */
    public Interval ratio() {
      return Interval.ratio(withSwap, without);
    }

    /** For JSON. */
    public Map<String, Object> fields() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("questions", questions);
      fields.put("rate", rate);
      fields.put("failed", failed);
      fields.put("misrouted", misrouted);
      fields.put("out_of_service", outOfService);
      fields.put("versions_seen", versionsSeen);
      fields.put("us_p99_with_swap", withSwap);
      fields.put("us_p99_without", without);
      fields.put("publish_ms", publishMillis);
      return fields;
    }
  }

  /** Publishes all versions; takes two windows for each, and two more at the beginning. */
  public Result run(Runnable published) {
    // Not while questions are asked: that work is not the server's.
    List<byte[]> bundles = versions.stream().map(version -> version.bundle().toBytes()).toList();
    try (Callers callers = Callers.streams(address, streams)) {
      // Not counted: compilers and caches are cold.
      new OpenLoop(callers.all(), rate, episode)
          .run(2 * window, (caller, begin, due, sent, now, answer) -> {});
      long start = System.nanoTime();
      CompletableFuture<Void> publisher =
          CompletableFuture.runAsync(() -> publish(bundles, start, published));
      int[] episodes = new int[streams];
      long[] began = new long[streams];
      long asked =
          new OpenLoop(callers.all(), rate, episode)
              .run(
                  2 * window * versions.size(),
                  (caller, begin, due, sent, now, answer) -> {
                    look(caller, begin, due, now, answer, episodes, began);
                    int place = (int) ((due - start) / (window * NANOS));
                    windows.get(Math.min(place, windows.size() - 1)).record(now - due);
                  });
      publisher.join();
      return result(asked);
    }
  }

  /** The first pair of windows belongs to version 1, which is there already. */
  private void publish(List<byte[]> bundles, long start, Runnable published) {
    try (PolicyAdmin admin = PolicyAdmin.connect(address, Credentials.NONE)) {
      for (int i = 1; i < bundles.size(); i++) {
        long due = start + (long) (2 * i * window * NANOS);
        for (long ahead = due - System.nanoTime(); ahead > 0; ahead = due - System.nanoTime()) {
          LockSupport.parkNanos(ahead);
        }
        int version = i + 1;
        long before = System.nanoTime();
        begun.put(version, before);
        admin.publish(BenchPolicy.NAME, bundles.get(i), String.valueOf(version), List.of());
        long after = System.nanoTime();
        over.put(version - 1, after);
        publishMillis.add((after - before) / 1e6);
        published.run();
      }
    }
  }

  private void look(
      int caller,
      boolean begin,
      long due,
      long now,
      Caller.Answer answer,
      int[] episodes,
      long[] began) {
    if (answer.failure() != null) {
      failed.incrementAndGet();
      return;
    }
    int version = Integer.parseInt(answer.version());
    if (begin) {
      episodes[caller] = version;
      began[caller] = due;
      if (begun.getOrDefault(version, Long.MAX_VALUE) > now
          || over.getOrDefault(version, Long.MAX_VALUE) < due) {
        outOfService.incrementAndGet();
      }
    }
    if (episodes[caller] != version || !versions.get(version - 1).acts(answer.actions())) {
      misrouted.incrementAndGet();
    }
    answersOf.merge(version, 1, Integer::sum);
  }

  private Result result(long asked) {
    double[] withSwap = new double[versions.size() - 1];
    double[] without = new double[versions.size() - 1];
    for (int i = 0; i < withSwap.length; i++) {
      withSwap[i] = windows.get(2 * i + 2).micros(99);
      // The windows beside it: the one before and the one after.
      without[i] =
          Interval.medianOf(
              new double[] {windows.get(2 * i + 1).micros(99), windows.get(2 * i + 3).micros(99)});
    }
    if (Arrays.stream(withSwap).anyMatch(Double::isNaN)) {
      throw new GymException(Kind.INTERNAL, "a window of %s s had no answers".formatted(window));
    }
    return new Result(
        asked,
        rate,
        failed.get(),
        misrouted.get(),
        outOfService.get(),
        answersOf.size(),
        withSwap,
        without,
        publishMillis.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
