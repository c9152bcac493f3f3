package io.gymbridge.learners;

import io.gymbridge.core.VectorEnv;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * The loop that PPO, TRPO, GAIL and AIRL have in common: act for a while, say what that was worth,
 * improve the policy on it. Not thread-safe.
 */
public final class OnPolicy {

  /**
   * What the loop itself has to know.
   *
   * @param rolloutSteps steps of each lane between two updates
   * @param gamma discount of the returns that rewards are scaled by
   */
  record Settings(
      int rolloutSteps,
      boolean normaliseObservations,
      boolean normaliseRewards,
      double gamma,
      long seed) {}

  /** Makes what improves the policy. */
  interface Maker {
    Generator make(PolicyNetwork policy, long seed);
  }

  /** What transitions are worth; sets a rollout's rewards, after having learned from it maybe. */
  interface Rewards {
    /** They stay as they are. */
    Rewards OF_THE_ENVIRONMENT = (rollout, policy) -> Discrimination.NONE;

    Discrimination apply(Rollout rollout, PolicyNetwork policy);
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

  private final PolicyNetwork policy;
  private final Generator generator;
  private final RolloutCollector collector;
  private final RewardScale scale;
  private final Rollout rollout;
  private final Settings settings;

  OnPolicy(VectorEnv env, PolicyNetwork.Architecture architecture, Settings settings, Maker maker) {
    SplittableRandom seeds = new SplittableRandom(settings.seed());
    this.settings = settings;
    this.policy =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            architecture,
            seeds.nextLong());
    this.generator = maker.make(policy, seeds.nextLong());
    this.collector =
        new RolloutCollector(env, policy, settings.normaliseObservations(), seeds.nextLong());
    this.scale = new RewardScale(env.numEnvs(), settings.gamma());
    this.rollout = collector.rollout(settings.rolloutSteps());
  }

  PolicyNetwork policy() {
    return policy;
  }

  void run(long steps, Rewards rewards, Consumer<Progress> listener) {
    collector.reset(settings.seed());
    long done = 0;
    int updates = 0;
    while (done < steps) {
      double part = (double) done / steps;
      collector.collect(rollout);
      done += rollout.rows();
      if (rollout.validRows().length < 2) {
        // Lanes were lost, or began anew: there is nothing to normalise advantages over.
        continue;
      }
      Discrimination discrimination = rewards.apply(rollout, policy);
      if (settings.normaliseRewards()) {
        scale.apply(rollout);
      }
      Generator.Diagnostics diagnostics = generator.update(rollout, part);
      listener.accept(progress(done, ++updates, diagnostics, discrimination));
    }
  }

  private Progress progress(
      long steps, int updates, Generator.Diagnostics diagnostics, Discrimination discrimination) {
    List<RolloutCollector.Episode> episodes = collector.takeEpisodes();
    double returns = 0;
    double lengths = 0;
    for (RolloutCollector.Episode episode : episodes) {
      returns += episode.episodeReturn();
      lengths += episode.length();
    }
    // 0 / 0 is NaN.
    return new Progress(
        steps,
        updates,
        episodes.size(),
        returns / episodes.size(),
        lengths / episodes.size(),
        diagnostics,
        discrimination);
  }
}
