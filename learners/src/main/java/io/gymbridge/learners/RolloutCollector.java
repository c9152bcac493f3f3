package io.gymbridge.learners;

import io.gymbridge.core.AsyncVectorEnv;
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
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Acts in a {@link VectorEnv} with a policy that still learns, and writes down what happens. Goes
 * on where it stopped. The same transitions come of all three autoreset modes. Not thread-safe.
 *
 * <p>Where an {@link AsyncVectorEnv} lives in several processes, their lanes may step apart: while
 * some step, the actions of others are worked out. They take turns, whichever is ready first, so
 * that the same comes of it each time.
 */
final class RolloutCollector {
  private final VectorEnv env;
  private final @Nullable AsyncVectorEnv async;
  private final PolicyNetwork policy;

  /** Lanes that act together. */
  private final List<int[]> groups;

  /** Of each group, how many lanes have not answered. */
  private final int[] awaited;

  /** By lane, its group. */
  private final int[] groupOf;

  /** By lane, the row of the rollout that its step under way fills. */
  private final int[] rowOf;

  private final SeededRandom[] random;
  private final @Nullable RunningMeanStd statistics;
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
   * @param overlap whether some lanes act while others step
   * @param seed of the draws of actions
   */
  RolloutCollector(
      VectorEnv env, PolicyNetwork policy, boolean normalise, boolean overlap, long seed) {
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
    this.async = overlap ? apart(env) : null;
    groups = async == null ? List.of(IntStream.range(0, lanes).toArray()) : async.processes();
    awaited = new int[groups.size()];
    groupOf = new int[lanes];
    for (int group = 0; group < groups.size(); group++) {
      for (int lane : groups.get(group)) {
        groupOf[lane] = group;
      }
    }
    rowOf = new int[lanes];
    resetting = new boolean[lanes];
    returns = new double[lanes];
    lengths = new int[lanes];
    current = new float[lanes * width];
  }

  private static AsyncVectorEnv apart(VectorEnv env) {
    // Under DISABLED lanes are reset while nothing is under way.
    if (env instanceof AsyncVectorEnv async
        && async.processes().size() > 1
        && env.autoresetMode() != AutoresetMode.DISABLED) {
      return async;
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        "overlap wants environments in several processes of a server, which reset by themselves and"
            + " are not recorded");
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
    observe(IntStream.range(0, resetting.length).toArray());
  }

  /** The episodes that have ended since this was called last. */
  List<Episode> takeEpisodes() {
    List<Episode> taken = List.copyOf(episodes);
    episodes.clear();
    return taken;
  }

  /** Fills all but values, advantages and returns. {@link #reset} comes first. */
  void collect(Rollout rollout) {
    for (int group = 0; group < groups.size(); group++) {
      act(group, 0, rollout);
    }
    for (int step = 0; step < rollout.steps; step++) {
      for (int group = 0; group < groups.size(); group++) {
        while (awaited[group] > 0) {
          take(Objects.requireNonNull(async).recv(1), rollout);
        }
        endStep(groups.get(group), rollout);
        if (step + 1 < rollout.steps) {
          act(group, step + 1, rollout);
        }
      }
    }
  }

  /** Has a group take its step; what comes of it may be there at once. */
  private void act(int group, int step, Rollout rollout) {
    int[] lanes = groups.get(group);
    int count = lanes.length;
    int width = rollout.width;
    int size = rollout.actionSize;
    float[] observations = new float[count * width];
    for (int i = 0; i < count; i++) {
      rowOf[lanes[i]] = step * rollout.lanes + lanes[i];
      System.arraycopy(current, lanes[i] * width, observations, i * width, width);
    }
    float[] features = policy.encoder().normalise(observations, count);
    float[] outputs = policy.outputs(features, count);
    float[] shared = policy.shared();
    float[] drawn = new float[count * size];
    for (int i = 0; i < count; i++) {
      if (!resetting[lanes[i]]) {
        policy.head().distribution().sample(outputs, shared, i, random[lanes[i]], drawn);
      }
    }
    double[] logs = new double[count];
    policy.head().distribution().logProbabilities(outputs, shared, drawn, count, logs);
    Value actions = policy.head().toSpace(drawn, count);
    float[] executed = policy.head().fromSpace(actions);

    awaited[group] = count;
    if (async != null) {
      async.send(actions, lanes);
    }
    for (int i = 0; i < count; i++) {
      int row = rowOf[lanes[i]];
      System.arraycopy(observations, i * width, rollout.observations, row * width, width);
      System.arraycopy(features, i * width, rollout.features, row * width, width);
      System.arraycopy(drawn, i * size, rollout.actions, row * size, size);
      System.arraycopy(executed, i * size, rollout.executed, row * size, size);
      rollout.logProbabilities[row] = logs[i];
    }
    if (async == null) {
      take(new AsyncVectorEnv.Received(lanes, env.step(actions)), rollout);
    }
  }

  /** Writes down what came of lanes' steps, of whichever group. */
  private void take(AsyncVectorEnv.Received received, Rollout rollout) {
    VectorEnv.Step step = received.step();
    int[] lanes = received.envIds();
    int width = rollout.width;
    float[] observations = policy.encoder().encode(step.observations());
    for (int i = 0; i < lanes.length; i++) {
      int lane = lanes[i];
      int row = rowOf[lane];
      boolean transition = !resetting[lane] && !step.lost()[i];
      System.arraycopy(observations, i * width, current, lane * width, width);
      System.arraycopy(observations, i * width, rollout.nextObservations, row * width, width);
      rollout.valid[row] = transition;
      rollout.rewards[row] = step.rewards()[i];
      rollout.terminated[row] = transition && step.terminated()[i];
      rollout.truncated[row] = transition && step.truncated()[i];
      awaited[groupOf[lane]]--;
    }
    finals(received, rollout);
  }

  /** What follows of a group's step once all of it is there. */
  private void endStep(int[] lanes, Rollout rollout) {
    boolean[] ended = new boolean[rollout.lanes];
    boolean any = false;
    for (int lane : lanes) {
      int row = rowOf[lane];
      ended[lane] = rollout.terminated[row] || rollout.truncated[row];
      any |= ended[lane];
      resetting[lane] = ended[lane] && env.autoresetMode() == AutoresetMode.NEXT_STEP;
      account(lane, rollout.valid[row], rollout.rewards[row], ended[lane]);
    }
    if (any && env.autoresetMode() == AutoresetMode.DISABLED) {
      show(env.reset(null, ended, Map.of()).observations());
    }
    observe(lanes);
  }

  private void show(Value observations) {
    System.arraycopy(policy.encoder().encode(observations), 0, current, 0, current.length);
  }

  /** Saves or restores all but the environment. */
  void exchange(EnvState saved) {
    if (async != null) {
      int before = saved.integer(groups.size(), 1, Integer.MAX_VALUE);
      if (before != groups.size()) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "the training was saved with environments in %d processes, there are %d"
                .formatted(before, groups.size()));
      }
    }
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
  private void finals(AsyncVectorEnv.Received received, Rollout rollout) {
    if (env.autoresetMode() != AutoresetMode.SAME_STEP) {
      return;
    }
    Value finals = received.step().finalObservations();
    float[] rows = finals == null ? new float[0] : policy.encoder().encode(finals);
    int width = rollout.width;
    int from = 0;
    for (int i = 0; i < received.envIds().length; i++) {
      if (!received.step().ended(i)) {
        continue;
      }
      if (from + width > rows.length) {
        throw new GymException(
            Kind.INTERNAL, "a lane ended under SAME_STEP without its final observation");
      }
      int row = rowOf[received.envIds()[i]];
      System.arraycopy(rows, from, rollout.nextObservations, row * width, width);
      from += width;
    }
  }

  /** Takes lanes' observations into the statistics, if the policy will be asked about them. */
  private void observe(int[] lanes) {
    if (statistics == null) {
      return;
    }
    int width = policy.encoder().width();
    double[] rows = new double[lanes.length * width];
    int kept = 0;
    for (int lane : lanes) {
      if (!resetting[lane]) {
        for (int i = 0; i < width; i++) {
          rows[kept++] = current[lane * width + i];
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
