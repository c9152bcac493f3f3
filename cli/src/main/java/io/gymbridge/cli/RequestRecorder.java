package io.gymbridge.cli;

import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import io.gymbridge.data.MinariWriter;
import io.gymbridge.server.policy.RequestLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a share of a policy server's episodes as Minari data sets, {@code
 * FOLDER/POLICY/requests-vN}, on a thread of its own.
 *
 * <p>What serving hands over is bounded in bytes: beyond that an episode ends early, and its
 * further rows are counted as dropped. A policy server sees no rewards, which are NaN, and not what
 * the last action led to: an episode of T questions has T observations and T − 1 actions, and ends
 * truncated. Its infos have {@code version} and {@code log_probability} for each observation's own
 * action.
 */
final class RequestRecorder implements RequestLog, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RequestRecorder.class);

  /** Multiples of it fall evenly into [0, 1), so that the share is kept from the first few on. */
  private static final double GOLDEN_RATIO = 0.6180339887498949;

  /** A data set is written when it has so much, or when its first episode has waited so long. */
  private static final long SET_BYTES = 32L << 20;

  private static final int SET_EPISODES = 1000;
  private static final long SET_NANOS = TimeUnit.MINUTES.toNanos(10);

  /** Longer episodes are written in parts, each of which begins with the last one's end. */
  private static final long EPISODE_BYTES = 16L << 20;

  private static final long CLOSING_SECONDS = 30;

  private final Path folder;
  private final double share;
  private final long maxBytes;
  private final AtomicLong begun = new AtomicLong();
  private final AtomicLong held = new AtomicLong();
  private final LongAdder episodes = new LongAdder();
  private final LongAdder rows = new LongAdder();
  private final LongAdder dropped = new LongAdder();
  private final Set<String> refused = ConcurrentHashMap.newKeySet();
  private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Thread thread = new Thread(this::work, "gymbridge-request-log");

  /** Used by the writer's thread alone. */
  private final Map<String, Pile> piles = new HashMap<>();

  private final Set<Recording> open = new HashSet<>();

  /** What happened in an episode; without a step it ended, without an episode all is over. */
  private record Event(@Nullable Recording episode, @Nullable Step step) {}

  private record Step(
      String version, Value observation, Value action, double logProbability, long bytes) {}

  /**
   * A recorder that begins at once.
   *
   * @param share of the episodes, 0 … 1
   * @param maxBytes that wait to be written, at most
   */
  RequestRecorder(Path folder, double share, long maxBytes) {
    this.folder = folder;
    this.share = share;
    this.maxBytes = maxBytes;
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public @Nullable Episode begin(String policy, Space observationSpace, Space actionSpace) {
    if ((begun.getAndIncrement() * GOLDEN_RATIO) % 1 >= share) {
      return null;
    }
    if (!MinariWriter.holds(observationSpace) || !MinariWriter.holds(actionSpace)) {
      if (refused.add(policy)) {
        log.warn(
            "{} is not logged: Minari has no form for its spaces {} and {}",
            policy,
            observationSpace,
            actionSpace);
      }
      return null;
    }
    return new Recording(policy, observationSpace, actionSpace);
  }

  @Override
  public Counts counts() {
    return new Counts(episodes.sum(), rows.sum(), dropped.sum());
  }

  /** Writes all that is there. No episode may be told of anything any more. */
  @Override
  public void close() {
    events.add(new Event(null, null));
    try {
      thread.join(TimeUnit.SECONDS.toMillis(CLOSING_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What was kept, for people. */
  String summary() {
    Counts counts = counts();
    return "%d episodes with %d observations written to %s, %d observations dropped"
        .formatted(counts.episodes(), counts.rows(), folder, counts.dropped());
  }

  /** An episode that goes on. The steps belong to the writer's thread, all else to serving. */
  private final class Recording implements Episode {
    private final String policy;
    private final Space observationSpace;
    private final Space actionSpace;
    private List<Step> steps = new ArrayList<>();
    private long bytes;
    private boolean full;

    Recording(String policy, Space observationSpace, Space actionSpace) {
      this.policy = policy;
      this.observationSpace = observationSpace;
      this.actionSpace = actionSpace;
    }

    @Override
    public void acted(
        String version, Value observations, Value actions, int row, double logProbability) {
      if (full || held.get() >= maxBytes) {
        // With a gap it would be another episode.
        full = true;
        dropped.increment();
        return;
      }
      Value observation = observations.take(new int[] {row});
      Value action = actions.take(new int[] {row});
      long size = size(observation) + size(action);
      held.addAndGet(size);
      events.add(new Event(this, new Step(version, observation, action, logProbability, size)));
    }

    @Override
    public void end() {
      events.add(new Event(this, null));
    }
  }

  /** About as much as a batch takes in memory. */
  private static long size(Value batch) {
    if (batch instanceof NdArray array) {
      return 200 + (long) array.size() * array.dtype().bytes();
    }
    if (batch instanceof io.gymbridge.core.DictValue dict) {
      return dict.parts().values().stream().mapToLong(RequestRecorder::size).sum();
    }
    if (batch instanceof io.gymbridge.core.TupleValue tuple) {
      return tuple.parts().stream().mapToLong(RequestRecorder::size).sum();
    }
    throw new IllegalArgumentException("Minari has no " + batch.getClass().getSimpleName());
  }

  /** Of one policy, the episodes that are to be written next. */
  private static final class Pile {
    private final Recording first;
    private final long since = System.nanoTime();
    private final List<MinariWriter.Episode> episodes = new ArrayList<>();
    private long rows;
    private long bytes;

    Pile(Recording first) {
      this.first = first;
    }

    boolean due() {
      return bytes >= SET_BYTES
          || episodes.size() >= SET_EPISODES
          || System.nanoTime() - since >= SET_NANOS;
    }
  }

  private void work() {
    try {
      while (true) {
        Event event = events.poll(1, TimeUnit.SECONDS);
        if (event != null) {
          Recording episode = event.episode();
          if (episode == null) {
            open.forEach(each -> finish(each, List.of()));
            List.copyOf(piles.values()).forEach(this::write);
            return;
          }
          note(episode, event.step());
        }
        piles.values().stream().filter(Pile::due).toList().forEach(this::write);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void note(Recording episode, @Nullable Step step) {
    if (step == null) {
      open.remove(episode);
      finish(episode, List.of());
      return;
    }
    open.add(episode);
    episode.steps.add(step);
    episode.bytes += step.bytes();
    if (episode.bytes >= EPISODE_BYTES && episode.steps.size() > 1) {
      held.addAndGet(step.bytes());
      finish(episode, List.of(step));
    }
  }

  /** Puts what an episode has onto the pile, and goes on with it where some steps are left. */
  private void finish(Recording episode, List<Step> left) {
    List<Step> steps = episode.steps;
    long bytes = episode.bytes;
    episode.steps = new ArrayList<>(left);
    episode.bytes = left.stream().mapToLong(Step::bytes).sum();
    if (steps.size() < 2) {
      // An observation that nothing follows is no transition.
      dropped.add(steps.size());
      held.addAndGet(-bytes);
      return;
    }
    Pile pile = piles.computeIfAbsent(episode.policy, name -> new Pile(episode));
    pile.episodes.add(episode(steps));
    pile.rows += steps.size();
    pile.bytes += bytes;
  }

  private static MinariWriter.Episode episode(List<Step> steps) {
    int actions = steps.size() - 1;
    double[] rewards = new double[actions];
    Arrays.fill(rewards, Double.NaN);
    return new MinariWriter.Episode(
        new Trajectory(
            Value.concatenate(steps.stream().map(Step::observation).toList()),
            Value.concatenate(steps.subList(0, actions).stream().map(Step::action).toList()),
            rewards,
            false,
            true),
        Map.of(
            "version",
            steps.stream().map(Step::version).toArray(String[]::new),
            "log_probability",
            steps.stream().mapToDouble(Step::logProbability).toArray()));
  }

  private void write(Pile pile) {
    String policy = pile.first.policy;
    piles.remove(policy);
    try {
      Path home = Files.createDirectories(folder.resolve(policy));
      int number = 0;
      while (Files.exists(home.resolve("requests-v" + number))) {
        number++;
      }
      MinariWriter.write(
          home.resolve("requests-v" + number),
          "%s/requests-v%d".formatted(policy, number),
          "What the policy %s was asked and answered; rewards are not known".formatted(policy),
          pile.first.observationSpace,
          pile.first.actionSpace,
          pile.episodes);
      episodes.add(pile.episodes.size());
      rows.add(pile.rows);
    } catch (IOException e) {
      dropped.add(pile.rows);
      log.warn("{} observations of {} are lost: {}", pile.rows, policy, e.toString());
    } finally {
      held.addAndGet(-pile.bytes);
    }
  }
}
