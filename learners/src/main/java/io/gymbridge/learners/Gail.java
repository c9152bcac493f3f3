package io.gymbridge.learners;

import io.gymbridge.core.Transitions;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.nn.Activation;
import io.gymbridge.learners.nn.Adam;
import io.gymbridge.learners.nn.Mlp;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Generative adversarial imitation learning (Ho and Ermon 2016): a discriminator D learns to tell
 * the expert's state-action pairs from the learner's, and the learner is paid for being taken for
 * the expert.
 *
 * <p>The sign of the reward is a bias of its own. −log(1 − D) is never negative, so that every step
 * is worth living through: right where episodes end by failure, and fatal where they end by
 * success. log D is never positive, so that ending is worth something by itself: right for
 * MountainCar and Acrobot. {@link Reward} says which; absorbing states remove the bias.
 *
 * <p>The generator is PPO or TRPO; the discriminator has no gradient penalty, but weight decay, a
 * bonus for unsureness, and a replay of the learner's earlier transitions. Not thread-safe.
 */
public final class Gail {

  /** What the learner is paid, with D = σ(logit) the probability of being the expert. */
  public enum Reward {
    /** −log(1 − D): staying alive pays. */
    POSITIVE,
    /** log D: an end of the episode saves costs. */
    NEGATIVE,
    /** log D − log(1 − D): the logit itself, of either sign. */
    LOGIT
  }

  /**
   * Hyperparameters.
   *
   * @param generator of the policy; its seed is that of everything
   * @param discriminatorHidden units of its hidden layers, tanh
   * @param discriminatorBatchSize transitions of each side in an update of it
   * @param discriminatorUpdates per round; 0 for a frozen one, as a control
   * @param discriminatorLearningRate of its Adam
   * @param discriminatorWeightDecay decoupled
   * @param discriminatorEntropyWeight of the entropy of its opinion
   * @param replay how many of the learner's latest transitions it is trained on
   * @param reward what the learner is paid
   * @param absorbing whether what comes after the task's end is a state with a learned reward
   */
  public record Config(
      Ppo.Config generator,
      List<Integer> discriminatorHidden,
      int discriminatorBatchSize,
      int discriminatorUpdates,
      double discriminatorLearningRate,
      double discriminatorWeightDecay,
      double discriminatorEntropyWeight,
      int replay,
      Reward reward,
      boolean absorbing) {

    /**
     * PPO's defaults, but with rollouts half as long: the discriminator's opinion changes, and a
     * policy that is asked more often keeps up with it. 32-32, 8 updates of 512 and 512, replay of
     * 8192, as imitation 1.0 has it.
     */
    public static Config defaults() {
      return new Config(
          Ppo.Config.defaults().withRolloutSteps(128),
          List.of(32, 32),
          512,
          8,
          1e-3,
          0,
          1e-3,
          8192,
          Reward.POSITIVE,
          false);
    }
  }

  private final Config config;
  private final Consumer<OnPolicy.Progress> listener;

  /** With a listener, told after every round. */
  public Gail(Config config, Consumer<OnPolicy.Progress> listener) {
    this.config = config;
    this.listener = listener;
  }

  /**
   * Trains a policy; the environment's own rewards are looked at for reports only.
   *
   * @param env any number of lanes, in any autoreset mode; it is reset
   * @param demonstrations of the expert, in the same spaces
   * @param steps of all lanes together, at least
   */
  public PolicyNetwork train(VectorEnv env, Transitions demonstrations, long steps) {
    Ppo.Config ppo = config.generator();
    OnPolicy training =
        new OnPolicy(
            env,
            ppo.architecture(),
            new OnPolicy.Settings(
                ppo.rolloutSteps(),
                ppo.normaliseObservations(),
                ppo.normaliseRewards(),
                ppo.gamma(),
                ppo.seed()),
            (policy, seed) -> new Ppo.Update(ppo, policy, seed));
    SplittableRandom seeds = new SplittableRandom(ppo.seed() ^ 0x9e3779b97f4a7c15L);
    PolicyNetwork policy = training.policy();
    Network network =
        new Network(
            config,
            new TransitionEncoder(policy.encoder(), policy.head(), config.absorbing()),
            seeds.nextLong());
    Adversary adversary =
        new Adversary(
            new Adversary.Config(
                config.discriminatorBatchSize(),
                config.discriminatorUpdates(),
                config.replay(),
                config.discriminatorEntropyWeight(),
                config.absorbing(),
                ppo.gamma(),
                seeds.nextLong()),
            network,
            demonstrations);
    training.run(steps, adversary, listener);
    return policy;
  }

  /** The discriminator: one network of states and actions. */
  static final class Network implements Discriminator {
    private final Config config;
    private final TransitionEncoder encoder;
    private final Mlp mlp;
    private final Mlp.Pass pass;
    private final Adam adam;
    private final float[] gradient;

    Network(Config config, TransitionEncoder encoder, long seed) {
      this.config = config;
      this.encoder = encoder;
      this.mlp =
          new Mlp(
              new Mlp.Shape(
                  encoder.stateActionWidth(), config.discriminatorHidden(), 1, Activation.TANH));
      mlp.initialise(new SplittableRandom(seed), Math.sqrt(2), 1);
      this.pass = mlp.pass(CHUNK);
      this.adam = new Adam(mlp.parameters(), 1e-8);
      this.gradient = new float[mlp.parameters().length];
    }

    @Override
    public TransitionEncoder encoder() {
      return encoder;
    }

    @Override
    public boolean needsLogProbabilities() {
      return false;
    }

    @Override
    public void logits(TransitionBatch batch, int n, double[] logProbabilities, double[] logits) {
      encoder.stateActions(batch, n, pass.input());
      pass.forward(n);
      for (int i = 0; i < n; i++) {
        logits[i] = pass.output()[i];
      }
    }

    @Override
    public void descend(TransitionBatch batch, int n, double[] logitGradient) {
      for (int i = 0; i < n; i++) {
        pass.outputGradient()[i] = (float) logitGradient[i];
      }
      Arrays.fill(gradient, 0);
      pass.backward(n, gradient);
      mlp.decay(config.discriminatorLearningRate() * config.discriminatorWeightDecay());
      adam.step(gradient, config.discriminatorLearningRate());
    }

    @Override
    public void rewards(TransitionBatch batch, int n, double[] logProbabilities, double[] rewards) {
      logits(batch, n, logProbabilities, rewards);
      for (int i = 0; i < n; i++) {
        double logit = rewards[i];
        rewards[i] =
            switch (config.reward()) {
              case POSITIVE -> Adversary.softplus(logit);
              case NEGATIVE -> -Adversary.softplus(-logit);
              case LOGIT -> logit;
            };
      }
    }
  }
}
