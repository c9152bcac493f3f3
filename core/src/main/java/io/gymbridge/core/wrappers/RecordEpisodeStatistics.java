package io.gymbridge.core.wrappers;

import io.gymbridge.core.Env;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Adds to the info of an episode's last step, under {@code episode}, a map with its return {@code
 * r}, its length {@code l} in steps and its duration {@code t} in seconds, to the microsecond.
 */
public final class RecordEpisodeStatistics extends Wrapper {
  /** Episodes that the queues keep, as in Gymnasium. */
  public static final int BUFFER_LENGTH = 100;

  /** Where the statistics are in the info, as in Gymnasium. */
  public static final String STATS_KEY = "episode";

  private final LongSupplier nanoTime;
  private final EpisodeStatistics statistics;
  private double episodeReturn;
  private long length;
  private long startNanos;

  /**
   * With Gymnasium's length of queues and key.
   *
   * @param nanoTime the clock, e.g. {@code System::nanoTime}
   */
  public RecordEpisodeStatistics(Env env, LongSupplier nanoTime) {
    this(env, nanoTime, BUFFER_LENGTH, STATS_KEY);
  }

  /**
   * Wraps an environment.
   *
   * @param nanoTime the clock, in nanoseconds
   * @param bufferLength episodes that the queues keep
   * @param statsKey where the statistics are in the info; a step whose info has that key already
   *     throws {@link GymException}
   */
  public RecordEpisodeStatistics(
      Env env, LongSupplier nanoTime, int bufferLength, String statsKey) {
    super(env);
    this.nanoTime = nanoTime;
    this.statistics = new EpisodeStatistics(bufferLength, statsKey);
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    Reset reset = env.reset(seed, options);
    startNanos = nanoTime.getAsLong();
    episodeReturn = 0;
    length = 0;
    return reset;
  }

  @Override
  public Step step(Value action) {
    Step step = env.step(action);
    episodeReturn += step.reward();
    length++;
    if (!step.terminated() && !step.truncated()) {
      return step;
    }
    statistics.checkFree(step.info());
    double seconds = EpisodeStatistics.seconds(startNanos, nanoTime.getAsLong());
    statistics.add(episodeReturn, length, seconds);
    Map<String, Object> episode = new LinkedHashMap<>();
    episode.put("r", episodeReturn);
    episode.put("l", length);
    episode.put("t", seconds);
    Map<String, Object> info = new LinkedHashMap<>(step.info());
    info.put(statistics.key(), episode);
    return new Step(step.observation(), step.reward(), step.terminated(), step.truncated(), info);
  }

  /** Episodes that ended so far. */
  public long episodeCount() {
    return statistics.count();
  }

  /** Returns of the last episodes, oldest first. */
  public List<Double> returnQueue() {
    return statistics.returns();
  }

  /** Lengths of the last episodes in steps, oldest first. */
  public List<Long> lengthQueue() {
    return statistics.lengths();
  }

  /** Durations of the last episodes in seconds, oldest first. */
  public List<Double> timeQueue() {
    return statistics.times();
  }

  /** The time that the episode has taken so far goes on from where it was. */
  @Override
  protected void exchange(EnvState state) {
    long now = nanoTime.getAsLong();
    statistics.exchange(state);
    episodeReturn = state.real(episodeReturn);
    length = state.integer(length);
    startNanos = now - state.integer(now - startNanos);
  }
}
