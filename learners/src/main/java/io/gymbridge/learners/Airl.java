package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.nn.Activation;
import io.gymbridge.learners.nn.Mlp;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

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
   * @param adversarial what AIRL shares with GAIL
   * @param rewardHidden units of g's hidden layers, ReLU
   * @param potentialHidden of h's
   * @param stateOnly whether g sees the state alone, or the action too
   * @param reward what the learner is paid
   */
  public record Config(
      AdversarialConfig adversarial,
      List<Integer> rewardHidden,
      List<Integer> potentialHidden,
      boolean stateOnly,
      Reward reward) {

    /** 32-32 each, as in the paper; absorbing states, without which ending early may pay. */
    public static Config defaults() {
      List<Integer> small = List.of(32, 32);
      return new Config(
          AdversarialConfig.defaults().withAbsorbing(true), small, small, false, Reward.LOGIT);
    }

    /** A copy with what is shared with GAIL replaced. */
    public Config withAdversarial(AdversarialConfig newAdversarial) {
      return new Config(newAdversarial, rewardHidden, potentialHidden, stateOnly, reward);
    }
  }

  private final Config config;

  public Airl(Config config) {
    this.config = config;
  }

  /**
   * Begins to train a policy; the environment's own rewards are looked at for reports only.
   *
   * @param env any number of lanes, in any autoreset mode; it is reset
   * @param demonstrations of the expert, in the same spaces
   * @param steps of all lanes together, at least
   * @param start a policy to begin with, such as behavioural cloning's; null for random weights
   */
  public OnPolicy start(
      VectorEnv env, Transitions demonstrations, long steps, @Nullable PolicyNetwork start) {
    return Adversary.start(
        env,
        config.adversarial(),
        (encoder, seed) -> new Network(config, encoder, seed),
        demonstrations,
        steps,
        start);
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
    private final DiscriminatorDescent descent;
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
      this.descent = new DiscriminatorDescent(config.adversarial(), parameters, reward, potential);
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
      return batch.terminated[row] ? 0 : config.adversarial().generator().acting().gamma();
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
      descent.step(gradient);
    }

    @Override
    public String toString() {
      return "AIRL %s %s".formatted(config.rewardHidden(), config.potentialHidden());
    }

    @Override
    public LearnedReward learned() {
      return LearnedReward.snapshot(
          LearnedReward.Form.UNSHAPED,
          encoder,
          config.adversarial().generator().acting().gamma(),
          config.stateOnly(),
          reward,
          potential);
    }

    @Override
    public void exchange(EnvState saved) {
      saved.floats(parameters);
      descent.exchange(saved);
      encoder.exchange(saved);
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
