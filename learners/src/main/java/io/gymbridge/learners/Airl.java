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
 * Adversarial inverse reinforcement learning (Fu, Luo and Levine 2018): the discriminator's logit
 * is f(s, a, s′) − log π(a|s) with f = g + γ·h(s′) − h(s), so that g is a reward that can be taken
 * to other dynamics, where it depends on the state alone.
 *
 * <p>log π is computed anew under the present policy, for the expert's transitions and for the
 * learner's earlier ones. Beyond a terminated step there is no potential; beyond a truncated one
 * there is. Not thread-safe.
 */
public final class Airl {

  /** What the learner is paid. */
  public enum Reward {
    /** f: the policy's entropy has to come from the generator's own bonus. */
    SHAPED,
    /** f − log π, the logit: the paper's, which holds the entropy in itself. */
    LOGIT
  }

  /**
   * Hyperparameters.
   *
   * @param generator of the policy; its seed is that of everything
   * @param rewardHidden units of g's hidden layers, ReLU
   * @param potentialHidden of h's
   * @param stateOnly whether g sees the state alone, or the action too
   * @param discriminatorBatchSize transitions of each side in an update of the discriminator
   * @param discriminatorUpdates per round; 0 for a frozen one, as a control
   * @param discriminatorLearningRate of its Adam
   * @param discriminatorWeightDecay decoupled, of g and h
   * @param replay how many of the learner's latest transitions it is trained on
   * @param reward what the learner is paid
   * @param absorbing whether what comes after the task's end is a state with a learned reward
   */
  public record Config(
      Ppo.Config generator,
      List<Integer> rewardHidden,
      List<Integer> potentialHidden,
      boolean stateOnly,
      int discriminatorBatchSize,
      int discriminatorUpdates,
      double discriminatorLearningRate,
      double discriminatorWeightDecay,
      int replay,
      Reward reward,
      boolean absorbing) {

    /** Generator and updates as GAIL's; 32-32 each, as in the paper. */
    public static Config defaults() {
      List<Integer> small = List.of(32, 32);
      return new Config(
          Gail.Config.defaults().generator(),
          small,
          small,
          false,
          512,
          8,
          1e-3,
          0,
          8192,
          Reward.LOGIT,
          true);
    }
  }

  private final Config config;
  private final Consumer<OnPolicy.Progress> listener;

  /** With a listener, told after every round. */
  public Airl(Config config, Consumer<OnPolicy.Progress> listener) {
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
                0,
                config.absorbing(),
                ppo.gamma(),
                seeds.nextLong()),
            network,
            demonstrations);
    training.run(steps, adversary, listener);
    return policy;
  }

  /** The discriminator: reward g and potential h, trained together. */
  static final class Network implements Discriminator {
    private final Config config;
    private final TransitionEncoder encoder;
    private final float[] parameters;
    private final Mlp reward;
    private final Mlp potential;
    private final Mlp.Pass rewardPass;
    private final Mlp.Pass potentialPass;
    private final Mlp.Pass nextPass;
    private final Adam adam;
    private final float[] gradient;

    Network(Config config, TransitionEncoder encoder, long seed) {
      this.config = config;
      this.encoder = encoder;
      Mlp.Shape rewardShape =
          new Mlp.Shape(
              config.stateOnly() ? encoder.stateWidth() : encoder.stateActionWidth(),
              config.rewardHidden(),
              1,
              Activation.RELU);
      Mlp.Shape potentialShape =
          new Mlp.Shape(encoder.stateWidth(), config.potentialHidden(), 1, Activation.RELU);
      this.parameters = new float[rewardShape.parameters() + potentialShape.parameters()];
      this.reward = new Mlp(rewardShape, parameters, 0);
      this.potential = new Mlp(potentialShape, parameters, rewardShape.parameters());
      SplittableRandom random = new SplittableRandom(seed);
      reward.initialise(random, Math.sqrt(2), 1);
      potential.initialise(random, Math.sqrt(2), 1);
      this.rewardPass = reward.pass(CHUNK);
      this.potentialPass = potential.pass(CHUNK);
      this.nextPass = potential.pass(CHUNK);
      this.adam = new Adam(parameters, 1e-8);
      this.gradient = new float[parameters.length];
    }

    @Override
    public TransitionEncoder encoder() {
      return encoder;
    }

    @Override
    public boolean needsLogProbabilities() {
      return true;
    }

    @Override
    public void logits(TransitionBatch batch, int n, double[] logProbabilities, double[] logits) {
      advantages(batch, n, logits);
      for (int i = 0; i < n; i++) {
        logits[i] -= logProbabilities[i];
      }
    }

    /** f of n rows. */
    private void advantages(TransitionBatch batch, int n, double[] values) {
      if (config.stateOnly()) {
        encoder.states(batch, n, false, rewardPass.input());
      } else {
        encoder.stateActions(batch, n, rewardPass.input());
      }
      encoder.states(batch, n, false, potentialPass.input());
      encoder.states(batch, n, true, nextPass.input());
      rewardPass.forward(n);
      potentialPass.forward(n);
      nextPass.forward(n);
      for (int i = 0; i < n; i++) {
        values[i] =
            rewardPass.output()[i]
                + beyond(batch, i) * nextPass.output()[i]
                - potentialPass.output()[i];
      }
    }

    /** Factor of the potential after a step. */
    private double beyond(TransitionBatch batch, int row) {
      return batch.terminated[row] ? 0 : config.generator().gamma();
    }

    @Override
    public void descend(TransitionBatch batch, int n, double[] logitGradient) {
      for (int i = 0; i < n; i++) {
        rewardPass.outputGradient()[i] = (float) logitGradient[i];
        potentialPass.outputGradient()[i] = (float) -logitGradient[i];
        nextPass.outputGradient()[i] = (float) (beyond(batch, i) * logitGradient[i]);
      }
      Arrays.fill(gradient, 0);
      rewardPass.backward(n, gradient);
      potentialPass.backward(n, gradient);
      nextPass.backward(n, gradient);
      reward.decay(config.discriminatorLearningRate() * config.discriminatorWeightDecay());
      potential.decay(config.discriminatorLearningRate() * config.discriminatorWeightDecay());
      adam.step(gradient, config.discriminatorLearningRate());
    }

    @Override
    public void rewards(TransitionBatch batch, int n, double[] logProbabilities, double[] rewards) {
      advantages(batch, n, rewards);
      if (config.reward() == Reward.LOGIT) {
        for (int i = 0; i < n; i++) {
          rewards[i] -= logProbabilities[i];
        }
      }
    }
  }
}
