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
 * Generative adversarial imitation learning (Ho and Ermon 2016): a discriminator D learns to tell
 * the expert's state-action pairs from the learner's, and the learner is paid for being taken for
 * the expert.
 *
 * <p>The sign of the reward is a bias of its own. −log(1 − D) is never negative, so that every step
 * is worth living through: right where episodes end by failure, and fatal where they end by
 * success. log D is never positive, so that ending is worth something by itself: right for
 * MountainCar and Acrobot. {@link Reward} says which; absorbing states remove the bias.
 *
 * <p>The generator is PPO or TRPO; the discriminator has no gradient penalty, but weight decay,
 * spectral normalisation, a bonus for unsureness, and a replay of the learner's earlier
 * transitions. Not thread-safe.
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
   * @param adversarial what GAIL shares with AIRL
   * @param discriminatorHidden units of its hidden layers, tanh
   * @param reward what the learner is paid
   * @param causalEntropyWeight λ of the paper: besides, the learner is paid −λ log π(a|s), so that
   *     it values states in which it may stay unsure. {@code entropyWeight} only looks at the
   *     states it is in
   */
  public record Config(
      AdversarialConfig adversarial,
      List<Integer> discriminatorHidden,
      Reward reward,
      double causalEntropyWeight) {
    public Config {
      Checks.within(0, Double.MAX_VALUE, "causalEntropyWeight", causalEntropyWeight);
    }

    /** 32-32, as imitation 1.0 has it. */
    public static Config defaults() {
      return new Config(AdversarialConfig.defaults(), List.of(32, 32), Reward.POSITIVE, 0);
    }

    /** A copy with what is shared with AIRL replaced. */
    public Config withAdversarial(AdversarialConfig newAdversarial) {
      return new Config(newAdversarial, discriminatorHidden, reward, causalEntropyWeight);
    }
  }

  private final Config config;

  public Gail(Config config) {
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

  /** The discriminator: one network of states and actions. */
  static final class Network implements Discriminator {
    private final Config config;
    private final TransitionEncoder encoder;
    private final Mlp mlp;
    private final Mlp.Pass pass;
    private final DiscriminatorDescent descent;
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
      this.descent = new DiscriminatorDescent(config.adversarial(), mlp.parameters(), mlp);
      this.gradient = new float[mlp.parameters().length];
    }

    @Override
    public TransitionEncoder encoder() {
      return encoder;
    }

    @Override
    public boolean needsLogProbabilities() {
      return config.causalEntropyWeight() > 0;
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
      descent.step(gradient);
    }

    @Override
    public String toString() {
      return "GAIL " + config.discriminatorHidden();
    }

    @Override
    public LearnedReward learned() {
      return LearnedReward.snapshot(
          switch (config.reward()) {
            case POSITIVE -> LearnedReward.Form.POSITIVE;
            case NEGATIVE -> LearnedReward.Form.NEGATIVE;
            case LOGIT -> LearnedReward.Form.LOGIT;
          },
          encoder,
          config.adversarial().generator().acting().gamma(),
          false,
          mlp,
          null);
    }

    @Override
    public void exchange(EnvState saved) {
      saved.floats(mlp.parameters());
      descent.exchange(saved);
      encoder.exchange(saved);
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
        rewards[i] -= config.causalEntropyWeight() * logProbabilities[i];
      }
    }
  }
}
