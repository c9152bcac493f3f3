package io.gymbridge.core;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * N copies ("lanes") of one environment, stepped together, with the semantics of {@code
 * gymnasium.vector.VectorEnv}. Not thread-safe: one caller at a time.
 *
 * <p>What it returns is the caller's to keep, but where a {@link BatchVectorEnv} was made without
 * copying.
 *
 * <p>Every method that touches the environments throws {@link GymException}.
 */
public interface VectorEnv extends AutoCloseable {

  /** Number of lanes, at least 1. */
  int numEnvs();

  /** Id, limits and the spaces of a single lane. */
  EnvSpec spec();

  AutoresetMode autoresetMode();

  /**
   * Begins an episode on some lanes; the others repeat their last observation and have no infos.
   * Gymnasium's option {@code reset_mask}.
   *
   * @param seeds one per lane, of which only those of {@code lanes} count; null lets the lanes'
   *     generators go on
   * @param lanes N of them, true for the lanes to reset, some of them false only under {@link
   *     AutoresetMode#DISABLED}; null for all
   * @param options the same for all lanes; empty for none
   */
  Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options);

  /** Begins an episode on every lane. */
  default Reset reset(long @Nullable [] seeds, Map<String, ?> options) {
    return reset(seeds, null, options);
  }

  /** Begins an episode on every lane, lane i with {@code seed + i}, as Gymnasium does. */
  default Reset reset(long seed) {
    long[] seeds = new long[numEnvs()];
    for (int lane = 0; lane < seeds.length; lane++) {
      seeds[lane] = seed + lane;
    }
    return reset(seeds, Map.of());
  }

  /** Begins the next episode on every lane; the generators go on. */
  default Reset reset() {
    return reset(null, Map.of());
  }

  /**
   * Takes one action on every lane.
   *
   * @param actions a batch of N members of the action space; under NEXT_STEP those of lanes about
   *     to reset are ignored
   */
  Step step(Value actions);

  /**
   * The pictures of this moment, one per lane in {@code lanes}, each {@code uint8} (height, width,
   * 3), or null where the environments were made without rendering.
   */
  List<@Nullable NdArray> render(int... lanes);

  /** Frees what the lanes hold. Closing twice is allowed. */
  @Override
  void close();

  /**
   * The episodes' beginnings.
   *
   * @param observations a batch of N
   * @param infos Gymnasium's vector form: for each key an array or list with an entry per lane, and
   *     under "_key" which lanes have it
   */
  record Reset(Value observations, Map<String, Object> infos) {

    /** The same with other observations. */
    public Reset withObservations(Value others) {
      return new Reset(others, infos);
    }
  }

  /**
   * What the actions led to, lane by lane.
   *
   * @param observations a batch of N
   * @param infos as in {@link Reset}
   * @param finalObservations SAME_STEP only: the last observations of the lanes that ended now, in
   *     lane order; null where none did
   * @param finalInfos SAME_STEP only: the infos of those lanes' last steps, in vector form over all
   *     N lanes
   * @param lost N of them: true where the environment was lost with the process that had it, in
   *     mid-episode, and has been replaced. The transition is then no transition: reward 0, no end,
   *     and the observation is the first one of another episode. The info {@link #LOSS} has the
   *     cause. Never true of local environments
   */
  record Step(
      Value observations,
      double[] rewards,
      boolean[] terminated,
      boolean[] truncated,
      Map<String, Object> infos,
      @Nullable Value finalObservations,
      Map<String, Object> finalInfos,
      boolean[] lost) {

    /** Key of the info that says why a lane was lost, for people. */
    public static final String LOSS = "lane_loss";

    /** A step that lost no lane. */
    public Step(
        Value observations,
        double[] rewards,
        boolean[] terminated,
        boolean[] truncated,
        Map<String, Object> infos,
        @Nullable Value finalObservations,
        Map<String, Object> finalInfos) {
      this(
          observations,
          rewards,
          terminated,
          truncated,
          infos,
          finalObservations,
          finalInfos,
          new boolean[rewards.length]);
    }

    /** Whether this lane's episode ended with this step, for either reason. */
    public boolean ended(int lane) {
      return terminated[lane] || truncated[lane];
    }

    /** The same with other observations. */
    public Step withObservations(Value others, @Nullable Value otherFinals) {
      return new Step(others, rewards, terminated, truncated, infos, otherFinals, finalInfos, lost);
    }

    /** The same with other rewards. */
    public Step withRewards(double[] others) {
      return new Step(
          observations, others, terminated, truncated, infos, finalObservations, finalInfos, lost);
    }

    /** The same with other infos. */
    public Step withInfos(Map<String, Object> others) {
      return new Step(
          observations,
          rewards,
          terminated,
          truncated,
          others,
          finalObservations,
          finalInfos,
          lost);
    }
  }
}
