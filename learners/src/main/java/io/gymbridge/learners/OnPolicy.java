package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.StatefulVectorEnv;
import io.gymbridge.core.VectorEnv;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A training of PPO, TRPO, GAIL or AIRL under way: act for a while, say what that was worth,
 * improve the policy on it, and so on.
 *
 * <p>{@link #save} and {@link #restore} hold all of it but what it was made from; a restored
 * training goes on bit for bit as the saved one. Not thread-safe.
 */
public final class OnPolicy implements Resumable {
  private static final int VERSION = 2;

  /**
   * How PPO and TRPO act and value alike.
   *
   * @param architecture of the policy and of the value network
   * @param rolloutSteps steps of each lane between two updates
   * @param gamma discount
   * @param lambda of the advantage estimation (Schulman et al. 2016)
   * @param entropyWeight of the policy's entropy in what is maximised
   * @param logStd of Gaussians at the beginning, in units in which a bounded action spans [−1, 1]
   * @param normaliseObservations by running statistics; a policy that training starts from keeps
   *     its own instead
   * @param normaliseRewards by the running deviation of the discounted return
   * @param overlap whether the actions of one process's lanes are worked out while others step
   * @param seed of everything
   */
  public record Config(
      PolicyNetwork.Architecture architecture,
      int rolloutSteps,
      double gamma,
      double lambda,
      double entropyWeight,
      double logStd,
      boolean normaliseObservations,
      boolean normaliseRewards,
      boolean overlap,
      long seed) {
    public Config {
      Checks.atLeast(1, "rolloutSteps", rolloutSteps);
      Checks.within(0, 1, "gamma", gamma);
      Checks.within(0, 1, "lambda", lambda);
      Checks.within(0, Double.MAX_VALUE, "entropyWeight", entropyWeight);
      Checks.within(-20, 2, "logStd", logStd);
    }

    public Config withRolloutSteps(int newRolloutSteps) {
      return new Config(
          architecture,
          newRolloutSteps,
          gamma,
          lambda,
          entropyWeight,
          logStd,
          normaliseObservations,
          normaliseRewards,
          overlap,
          seed);
    }

    public Config withOverlap(boolean newOverlap) {
      return new Config(
          architecture,
          rolloutSteps,
          gamma,
          lambda,
          entropyWeight,
          logStd,
          normaliseObservations,
          normaliseRewards,
          newOverlap,
          seed);
    }

    public Config withSeed(long newSeed) {
      return new Config(
          architecture,
          rolloutSteps,
          gamma,
          lambda,
          entropyWeight,
          logStd,
          normaliseObservations,
          normaliseRewards,
          overlap,
          newSeed);
    }
  }

  /** What transitions are worth. */
  interface Rewards {
    /** They stay as they are. */
    Rewards OF_THE_ENVIRONMENT =
        new Rewards() {
          @Override
          public Discrimination apply(Rollout rollout, PolicyNetwork policy) {
            return Discrimination.NONE;
          }

          @Override
          public void exchange(EnvState saved) {}

          @Override
          public String toString() {
            return "the environment's rewards";
          }
        };

    /** Sets a rollout's rewards, after having learned from it maybe. */
    Discrimination apply(Rollout rollout, PolicyNetwork policy);

    /** Saves or restores all that was learned. */
    void exchange(EnvState saved);

    /** What was learned, as it is now; null where they are the environment's. */
    default @Nullable LearnedReward learned() {
      return null;
    }
  }

  /**
   * How well expert and learner are told apart.
   *
   * @param loss binary cross-entropy, in nats
   * @param expertAccuracy share of the expert's transitions that are taken for the expert's
   * @param generatorAccuracy share of the learner's that are taken for the learner's
   * @param expertLogit mean
   * @param generatorLogit mean
   * @param meanReward that is learned, before it is scaled
   * @param rewardStd of it
   */
  public record Discrimination(
      double loss,
      double expertAccuracy,
      double generatorAccuracy,
      double expertLogit,
      double generatorLogit,
      double meanReward,
      double rewardStd) {
    static final Discrimination NONE =
        new Discrimination(
            Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
  }

  /**
   * How training goes, after each update.
   *
   * @param steps of all lanes so far
   * @param updates so far
   * @param episodes how many have ended since the last report
   * @param meanReturn of these, of the environment's own rewards; NaN where none has
   * @param meanLength of these; NaN where none has
   * @param diagnostics of policy and values
   * @param discrimination NaN where no reward is learned
   */
  public record Progress(
      long steps,
      int updates,
      int episodes,
      double meanReturn,
      double meanLength,
      Generator.Diagnostics diagnostics,
      Discrimination discrimination) {}

  private final VectorEnv env;
  private final Config config;
  private final long total;
  private final PolicyNetwork policy;
  private final Generator generator;
  private final RolloutCollector collector;
  private final RewardScale scale;
  private final Rollout rollout;
  private Rewards rewards = Rewards.OF_THE_ENVIRONMENT;
  private long steps;
  private int updates;
  private boolean begun;

  /**
   * A training that has not begun.
   *
   * @param env any number of lanes, in any autoreset mode; it is reset when training begins
   * @param total steps of all lanes together, at least; whole rollouts are played
   * @param start a policy to begin with, which is copied; its networks' sizes have to be the
   *     configuration's. Null for random weights
   * @throws GymException INVALID_ARGUMENT for spaces that {@link PolicyNetwork} has no head for, or
   *     a start that does not fit
   */
  OnPolicy(VectorEnv env, Generator.Config generator, long total, @Nullable PolicyNetwork start) {
    Checks.atLeast(1, "steps", total);
    this.env = env;
    this.config = generator.acting();
    this.total = total;
    SplittableRandom seeds = new SplittableRandom(config.seed());
    this.policy =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            config.architecture(),
            seeds.nextLong());
    if (start == null) {
      Arrays.fill(
          policy.trained(),
          policy.mlp().shape().parameters(),
          policy.trained().length,
          (float) config.logStd());
    } else {
      policy.copyFrom(start);
    }
    this.generator = generator.make(policy, seeds.nextLong());
    this.collector =
        new RolloutCollector(
            env,
            policy,
            config.normaliseObservations() && start == null,
            config.overlap(),
            seeds.nextLong());
    this.scale = new RewardScale(env.numEnvs(), config.gamma());
    this.rollout = collector.rollout(config.rolloutSteps());
  }

  /** Pays the learner something else than the environment does. */
  OnPolicy withRewards(Rewards newRewards) {
    this.rewards = newRewards;
    return this;
  }

  /**
   * Pays the learner what another training has learned, instead of what the environment does; the
   * environment's own rewards are looked at for reports only.
   *
   * @throws GymException INVALID_ARGUMENT if the reward was learned in other spaces
   */
  public OnPolicy paidBy(LearnedReward reward) {
    reward.check(env.spec());
    return withRewards(new FrozenReward(reward));
  }

  /** What the learner is paid, as it is now; null where it is the environment's own reward. */
  public @Nullable LearnedReward learnedReward() {
    return rewards.learned();
  }

  @Override
  public PolicyNetwork policy() {
    return policy;
  }

  @Override
  public long steps() {
    return steps;
  }

  /** Whether all steps have been taken. */
  public boolean done() {
    return steps >= total;
  }

  /**
   * Trains to the end.
   *
   * @param listener told after each update
   */
  public PolicyNetwork run(Consumer<Progress> listener) {
    while (!done()) {
      listener.accept(round());
    }
    return policy;
  }

  /** Acts for {@code rolloutSteps} and learns from it. */
  public Progress round() {
    begin();
    double part;
    do {
      // Again where lanes were lost, or all began anew: then there is nothing to learn from.
      part = Math.min(1, (double) steps / total);
      collector.collect(rollout);
      steps += rollout.rows();
    } while (rollout.validRows().length < 2);
    Discrimination discrimination = rewards.apply(rollout, policy);
    if (config.normaliseRewards()) {
      scale.apply(rollout);
    }
    Generator.Diagnostics diagnostics = generator.update(rollout, part);
    return progress(steps, ++updates, diagnostics, discrimination);
  }

  private void begin() {
    if (!begun) {
      collector.reset(config.seed());
      begun = true;
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>That is networks, optimisers, statistics, replay, generators, and the environments where
   * they can be saved. Where they cannot, all lanes begin a new episode, here as well as in what is
   * restored, so that both go on alike all the same.
   */
  @Override
  public byte[] save() {
    begin();
    byte[][] lanes = lanes();
    if (lanes.length == 0) {
      collector.reset(config.seed() + steps);
    }
    return EnvState.save(name(), VERSION, saved -> exchange(saved, lanes));
  }

  /** What is saved, so that nothing else is restored. */
  private String name() {
    return "training of %s (%s, %s) on %d x %s"
        .formatted(policy, generator, rewards, env.numEnvs(), env.spec().id());
  }

  private byte[][] lanes() {
    if (env instanceof StatefulVectorEnv stateful) {
      try {
        return stateful.saveStates();
      } catch (GymException e) {
        if (e.kind() != Kind.UNIMPLEMENTED) {
          throw e;
        }
      }
    }
    return new byte[0][];
  }

  @Override
  public void restore(byte[] bytes) {
    env.reset(config.seed());
    begun = true;
    byte[][] lanes = new byte[env.numEnvs()][];
    Arrays.fill(lanes, new byte[0]);
    EnvState.restore(bytes, name(), VERSION, saved -> exchange(saved, lanes));
    if (lanes[0].length == 0) {
      env.reset(config.seed() + steps);
    } else {
      StatefulVectorEnv.of(env).restoreStates(lanes);
    }
  }

  private void exchange(EnvState saved, byte[][] lanes) {
    for (int lane = 0; lane < env.numEnvs(); lane++) {
      byte[] state = saved.bytes(lanes.length == 0 ? new byte[0] : lanes[lane]);
      if (lanes.length > 0) {
        lanes[lane] = state;
      }
    }
    steps = saved.integer(steps);
    updates = saved.integer(updates, 0, Integer.MAX_VALUE);
    policy.exchange(saved);
    generator.exchange(saved);
    collector.exchange(saved);
    scale.exchange(saved);
    rewards.exchange(saved);
  }

  private Progress progress(
      long done, int count, Generator.Diagnostics diagnostics, Discrimination discrimination) {
    List<RolloutCollector.Episode> episodes = collector.takeEpisodes();
    double returns = 0;
    double lengths = 0;
    for (RolloutCollector.Episode episode : episodes) {
      returns += episode.episodeReturn();
      lengths += episode.length();
    }
    // 0 / 0 is NaN.
    return new Progress(
        done,
        count,
        episodes.size(),
        returns / episodes.size(),
        lengths / episodes.size(),
        diagnostics,
        discrimination);
  }
}
