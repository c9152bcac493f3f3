package io.gymbridge.core.wrappers;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * {@link RecordEpisodeStatistics} for a batch: when lanes end, the step's infos hold under {@code
 * episode} a map of arrays, {@code r} ({@code float64} (N)), {@code l} ({@code int64} (N)) and
 * {@code t} ({@code float64} (N)), zero in the lanes that go on, and under {@code _episode} which
 * lanes ended ({@code bool} (N)). Under SAME_STEP too they are in the infos, not the final infos.
 *
 * <p>Dummy transitions of NEXT_STEP don't count. A reset of some lanes begins their episodes only:
 * so Gymnasium means it, but its SyncVectorEnv takes the mask out of the options before Gymnasium's
 * wrapper looks at it, which then begins all.
 */
public final class VectorRecordEpisodeStatistics extends VectorWrapper {
  private final LongSupplier nanoTime;
  private final EpisodeStatistics statistics;
  private final double[] returns;
  private final long[] lengths;
  private final long[] startNanos;
  private final boolean[] resetting;

  /** With Gymnasium's length of queues and key; the clock e.g. {@code System::nanoTime}. */
  public VectorRecordEpisodeStatistics(VectorEnv env, LongSupplier nanoTime) {
    this(env, nanoTime, RecordEpisodeStatistics.BUFFER_LENGTH, RecordEpisodeStatistics.STATS_KEY);
  }

  /** Parameters as {@link RecordEpisodeStatistics}'s. */
  public VectorRecordEpisodeStatistics(
      VectorEnv env, LongSupplier nanoTime, int bufferLength, String statsKey) {
    super(env);
    this.nanoTime = nanoTime;
    this.statistics = new EpisodeStatistics(bufferLength, statsKey);
    this.returns = new double[env.numEnvs()];
    this.lengths = new long[env.numEnvs()];
    this.startNanos = new long[env.numEnvs()];
    this.resetting = new boolean[env.numEnvs()];
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    Reset reset = env.reset(seeds, lanes, options);
    long now = nanoTime.getAsLong();
    for (int lane = 0; lane < numEnvs(); lane++) {
      if (lanes == null || lanes[lane]) {
        begin(lane, now);
      }
    }
    return reset;
  }

  private void begin(int lane, long now) {
    returns[lane] = 0;
    lengths[lane] = 0;
    startNanos[lane] = now;
    resetting[lane] = false;
  }

  @Override
  public Step step(Value actions) {
    Step step = env.step(actions);
    long now = nanoTime.getAsLong();
    boolean someEnded = false;
    for (int lane = 0; lane < numEnvs(); lane++) {
      if (resetting[lane] || step.lost()[lane]) {
        begin(lane, now);
      } else {
        returns[lane] += step.rewards()[lane];
        lengths[lane]++;
      }
      someEnded |= step.ended(lane);
    }
    return someEnded ? withStatistics(step, now) : step;
  }

  private Step withStatistics(Step step, long now) {
    statistics.checkFree(step.infos());
    int n = numEnvs();
    double[] r = new double[n];
    long[] l = new long[n];
    double[] t = new double[n];
    long[] ended = new long[n];
    for (int lane = 0; lane < n; lane++) {
      if (!step.ended(lane)) {
        continue;
      }
      r[lane] = returns[lane];
      l[lane] = lengths[lane];
      t[lane] = EpisodeStatistics.seconds(startNanos[lane], now);
      ended[lane] = 1;
      statistics.add(r[lane], l[lane], t[lane]);
      resetting[lane] = autoresetMode() == AutoresetMode.NEXT_STEP;
      if (autoresetMode() == AutoresetMode.SAME_STEP) {
        begin(lane, now);
      }
    }
    Map<String, Object> episode = new LinkedHashMap<>();
    episode.put("r", NdArray.of(r, n));
    episode.put("l", NdArray.of(l, n));
    episode.put("t", NdArray.of(t, n));
    Map<String, Object> infos = new LinkedHashMap<>(step.infos());
    infos.put(statistics.key(), episode);
    infos.put("_" + statistics.key(), NdArray.ofLongs(DType.BOOL, ended, n));
    return step.withInfos(infos);
  }

  /** Episodes that ended so far. */
  public long episodeCount() {
    return statistics.count();
  }

  /** Returns of the last episodes, oldest first; of one step, in lane order. */
  public List<Double> returnQueue() {
    return statistics.returns();
  }

  /** Lengths of the last episodes in steps, likewise. */
  public List<Long> lengthQueue() {
    return statistics.lengths();
  }

  /** Durations of the last episodes in seconds, likewise. */
  public List<Double> timeQueue() {
    return statistics.times();
  }

  /** The time that the episode has taken so far goes on from where it was. */
  @Override
  protected void exchange(EnvState state, int lane) {
    long now = nanoTime.getAsLong();
    statistics.exchange(state);
    returns[lane] = state.real(returns[lane]);
    lengths[lane] = state.integer(lengths[lane]);
    startNanos[lane] = now - state.integer(now - startNanos[lane]);
    resetting[lane] = state.flag(resetting[lane]);
  }
}
