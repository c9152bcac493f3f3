package io.gymbridge.learners;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.wrappers.RunningMeanStd;
import io.gymbridge.learners.nn.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Acts in a {@link VectorEnv} with a policy that still learns, and writes down what happens. Goes
 * on where it stopped. The same transitions come of all three autoreset modes. Not thread-safe.
 */
final class RolloutCollector {
  private final VectorEnv env;
  private final PolicyNetwork policy;
  private final SeededRandom[] random;
  private final @Nullable RunningMeanStd statistics;
  private final float[] drawn;
  private final double[] logs;
  private final boolean[] resetting;
  private final double[] returns;
  private final int[] lengths;
  private final List<Episode> episodes = new ArrayList<>();
  private final float[] current;

  /**
   * An episode that has ended.
   *
   * @param episodeReturn the sum of the environment's own rewards
   */
  record Episode(double episodeReturn, int length) {}

  /**
   * A collector that has not begun.
   *
   * @param normalise whether observations are normalised by the statistics of all that were seen
   * @param seed of the draws of actions
   */
  RolloutCollector(VectorEnv env, PolicyNetwork policy, boolean normalise, long seed) {
    this.env = env;
    this.policy = policy;
    // One for each lane, so that a lane's actions do not depend on what happens in others.
    SplittableRandom seeds = new SplittableRandom(seed);
    this.random = new SeededRandom[env.numEnvs()];
    Arrays.setAll(random, lane -> new SeededRandom(seeds.nextLong()));
    int width = policy.encoder().width();
    this.statistics =
        normalise && policy.encoder().normalises()
            ? new RunningMeanStd(width, DType.FLOAT64)
            : null;
    int lanes = env.numEnvs();
    drawn = new float[lanes * policy.head().targetSize()];
    logs = new double[lanes];
    resetting = new boolean[lanes];
    returns = new double[lanes];
    lengths = new int[lanes];
    current = new float[lanes * width];
  }

  /** An empty rollout of T steps that fits. */
  Rollout rollout(int steps) {
    return new Rollout(steps, env.numEnvs(), policy.encoder().width(), policy.head().targetSize());
  }

  /** Begins all lanes' episodes anew. */
  void reset(long seed) {
    show(env.reset(seed).observations());
    Arrays.fill(resetting, false);
    Arrays.fill(returns, 0);
    Arrays.fill(lengths, 0);
    observe(current, null);
  }

  /** The episodes that have ended since this was called last. */
  List<Episode> takeEpisodes() {
    List<Episode> taken = List.copyOf(episodes);
    episodes.clear();
    return taken;
  }

  /** Fills all but values, advantages and returns. {@link #reset} comes first. */
  void collect(Rollout rollout) {
    for (int step = 0; step < rollout.steps; step++) {
      step(rollout, step * rollout.lanes);
    }
  }

  private void step(Rollout rollout, int first) {
    int lanes = rollout.lanes;
    int width = rollout.width;
    ObservationEncoder encoder = policy.encoder();
    float[] features = encoder.normalise(current, lanes);
    float[] outputs = policy.outputs(features, lanes);
    float[] shared = policy.shared();
    for (int lane = 0; lane < lanes; lane++) {
      if (!resetting[lane]) {
        policy.head().distribution().sample(outputs, shared, lane, random[lane], drawn);
      }
    }
    policy.head().distribution().logProbabilities(outputs, shared, drawn, lanes, logs);
    Value actions = policy.head().toSpace(drawn, lanes);
    System.arraycopy(current, 0, rollout.observations, first * width, lanes * width);
    System.arraycopy(features, 0, rollout.features, first * width, lanes * width);
    System.arraycopy(drawn, 0, rollout.actions, first * rollout.actionSize, drawn.length);
    System.arraycopy(
        policy.head().fromSpace(actions),
        0,
        rollout.executed,
        first * rollout.actionSize,
        drawn.length);
    System.arraycopy(logs, 0, rollout.logProbabilities, first, lanes);

    VectorEnv.Step result = env.step(actions);
    show(result.observations());
    System.arraycopy(current, 0, rollout.nextObservations, first * width, lanes * width);
    finals(result, rollout, first);
    boolean[] ended = new boolean[lanes];
    boolean any = false;
    for (int lane = 0; lane < lanes; lane++) {
      int row = first + lane;
      boolean transition = !resetting[lane] && !result.lost()[lane];
      rollout.valid[row] = transition;
      rollout.rewards[row] = result.rewards()[lane];
      rollout.terminated[row] = transition && result.terminated()[lane];
      rollout.truncated[row] = transition && result.truncated()[lane];
      ended[lane] = transition && result.ended(lane);
      any |= ended[lane];
      resetting[lane] = ended[lane] && env.autoresetMode() == AutoresetMode.NEXT_STEP;
      account(lane, transition, result.rewards()[lane], ended[lane]);
    }
    if (any && env.autoresetMode() == AutoresetMode.DISABLED) {
      show(env.reset(null, ended, Map.of()).observations());
    }
    observe(current, resetting);
  }

  private void show(Value observations) {
    System.arraycopy(policy.encoder().encode(observations), 0, current, 0, current.length);
  }

  /** Saves or restores all but the environment. */
  void exchange(EnvState saved) {
    for (SeededRandom each : random) {
      each.exchange(saved);
    }
    if (statistics != null) {
      statistics.exchange(saved);
    }
    saved.floats(current);
    saved.flags(resetting);
    saved.reals(returns);
    for (int lane = 0; lane < lengths.length; lane++) {
      lengths[lane] = saved.integer(lengths[lane], 0, Integer.MAX_VALUE);
    }
  }

  private void account(int lane, boolean transition, double reward, boolean ends) {
    if (!transition) {
      returns[lane] = 0;
      lengths[lane] = 0;
      return;
    }
    returns[lane] += reward;
    lengths[lane]++;
    if (ends) {
      episodes.add(new Episode(returns[lane], lengths[lane]));
      returns[lane] = 0;
      lengths[lane] = 0;
    }
  }

  /** Under SAME_STEP the observation after an episode's last step is told apart. */
  private void finals(VectorEnv.Step result, Rollout rollout, int first) {
    if (env.autoresetMode() != AutoresetMode.SAME_STEP) {
      return;
    }
    Value finals = result.finalObservations();
    float[] rows = finals == null ? new float[0] : policy.encoder().encode(finals);
    int row = 0;
    for (int lane = 0; lane < rollout.lanes; lane++) {
      if (!result.ended(lane)) {
        continue;
      }
      if ((row + 1) * rollout.width > rows.length) {
        throw new GymException(
            Kind.INTERNAL, "a lane ended under SAME_STEP without its final observation");
      }
      System.arraycopy(
          rows,
          row++ * rollout.width,
          rollout.nextObservations,
          (first + lane) * rollout.width,
          rollout.width);
    }
  }

  /**
   * Takes observations into the statistics: all that the policy will be asked about, and no others.
   *
   * @param without lanes whose observation it will not be asked about
   */
  private void observe(float[] observations, boolean @Nullable [] without) {
    if (statistics == null) {
      return;
    }
    int width = policy.encoder().width();
    int lanes = observations.length / width;
    double[] rows = new double[observations.length];
    int kept = 0;
    for (int lane = 0; lane < lanes; lane++) {
      if (without == null || !without[lane]) {
        for (int i = 0; i < width; i++) {
          rows[kept++] = observations[lane * width + i];
        }
      }
    }
    if (kept > 0) {
      statistics.update(Arrays.copyOf(rows, kept));
      RunningMeanStd.State state = statistics.state();
      double[] std = state.variance();
      for (int i = 0; i < width; i++) {
        std[i] = Math.sqrt(std[i] + 1e-8);
      }
      policy.encoder().setNormalisation(state.mean(), std);
    }
  }
}
