package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.nn.Distribution;
import io.gymbridge.learners.nn.Mlp;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Trust region policy optimisation (Schulman et al. 2015): the natural gradient by conjugate
 * gradients on the Fisher information, scaled to a divergence and shortened until the surrogate
 * really gets better within it.
 *
 * <p>Products with the Fisher information are exact: a tangent pass through the network, the
 * distribution's own information, and a backward pass. Values are fitted by minibatches of Adam, as
 * in common code, rather than by L-BFGS.
 */
public final class Trpo {

  /**
   * Hyperparameters.
   *
   * @param acting what TRPO shares with PPO
   * @param divergence largest mean KL from the policy before an update, in nats
   * @param damping added to the Fisher information's diagonal
   * @param conjugateSteps iterations of conjugate gradients
   * @param lineSearchSteps halvings of the step at most
   * @param valueEpochs passes over a rollout for the values
   * @param valueBatchSize transitions in a minibatch of these
   * @param valueLearningRate of Adam
   */
  public record Config(
      OnPolicy.Config acting,
      double divergence,
      double damping,
      int conjugateSteps,
      int lineSearchSteps,
      int valueEpochs,
      int valueBatchSize,
      double valueLearningRate)
      implements Generator.Config {
    public Config {
      Checks.positive("divergence", divergence);
      Checks.within(0, Double.MAX_VALUE, "damping", damping);
      Checks.atLeast(1, "conjugateSteps", conjugateSteps);
      Checks.atLeast(1, "lineSearchSteps", lineSearchSteps);
      Checks.atLeast(1, "valueEpochs", valueEpochs);
      Checks.atLeast(1, "valueBatchSize", valueBatchSize);
      Checks.positive("valueLearningRate", valueLearningRate);
    }

    /**
     * GAIL's (Ho and Ermon 2016, appendix B): KL 0.01, damping 0.1, γ 0.995, λ 0.97; 2048
     * transitions of 8 lanes.
     */
    public static Config defaults() {
      return new Config(
          new OnPolicy.Config(
              PolicyNetwork.Architecture.defaults(), 256, 0.995, 0.97, 0, 0, true, true, false, 0),
          0.01,
          0.1,
          10,
          10,
          5,
          128,
          1e-3);
    }

    @Override
    public Config withActing(OnPolicy.Config newActing) {
      return new Config(
          newActing,
          divergence,
          damping,
          conjugateSteps,
          lineSearchSteps,
          valueEpochs,
          valueBatchSize,
          valueLearningRate);
    }

    @Override
    public Generator make(PolicyNetwork policy, long seed) {
      return new Update(this, policy, seed);
    }
  }

  private final Config config;

  public Trpo(Config config) {
    this.config = config;
  }

  /**
   * Begins to train a policy.
   *
   * @param env any number of lanes, in any autoreset mode; it is reset
   * @param steps of all lanes together, at least; whole rollouts are played
   * @param start a policy to begin with; null for random weights
   */
  public OnPolicy start(VectorEnv env, long steps, @Nullable PolicyNetwork start) {
    return new OnPolicy(env, config, steps, start);
  }

  /** The update itself. */
  static final class Update implements Generator {
    private final Trpo.Config config;
    private final PolicyNetwork policy;
    private final ValueNetwork values;
    private final int size;
    private Mlp.Pass pass;
    private float[] actions = new float[0];
    private float[] oldOutputs = new float[0];
    private double[] ones = new double[0];
    private double[] logs = new double[0];
    private double[] weights = new double[0];
    private double[] divergences = new double[0];

    Update(Trpo.Config config, PolicyNetwork policy, long seed) {
      this.config = config;
      this.policy = policy;
      this.values =
          new ValueNetwork(
              policy.encoder().width(),
              config.acting().architecture(),
              new SplittableRandom(seed).nextLong());
      this.size = policy.trained().length;
      this.pass = policy.mlp().pass(1);
    }

    @Override
    public Diagnostics update(Rollout rollout, double progress) {
      values.fill(rollout, policy.encoder());
      rollout.estimateAdvantages(config.acting().gamma(), config.acting().lambda());
      double explained = rollout.explainedVariance();
      int[] rows = rollout.validRows();
      CompletableFuture<Double> valueLoss =
          CompletableFuture.supplyAsync(
              () ->
                  values.fit(
                      rollout,
                      rows,
                      config.valueEpochs(),
                      config.valueBatchSize(),
                      config.valueLearningRate(),
                      Double.POSITIVE_INFINITY));
      double[] advantages = normalised(rollout, rows);
      load(rollout, rows);
      Surrogate before = surrogate(advantages, rollout, rows);
      Surrogate after = step(before, advantages, rollout, rows);
      return new Diagnostics(
          before.value - after.value,
          valueLoss.join(),
          after.entropy,
          after.divergence,
          0,
          explained);
    }

    @Override
    public String toString() {
      return "TRPO";
    }

    @Override
    public void exchange(EnvState saved) {
      values.exchange(saved);
    }

    private static double[] normalised(Rollout rollout, int[] rows) {
      double mean = 0;
      double squares = 0;
      for (int row : rows) {
        mean += rollout.advantages[row] / rows.length;
      }
      for (int row : rows) {
        double difference = rollout.advantages[row] - mean;
        squares += difference * difference / rows.length;
      }
      double deviation = Math.sqrt(squares) + 1e-8;
      double[] normalised = new double[rows.length];
      for (int i = 0; i < rows.length; i++) {
        normalised[i] = (rollout.advantages[rows[i]] - mean) / deviation;
      }
      return normalised;
    }

    private void load(Rollout rollout, int[] rows) {
      int n = rows.length;
      if (pass.capacity() < n) {
        pass = policy.mlp().pass(n);
        actions = new float[n * rollout.actionSize];
        oldOutputs = new float[n * policy.head().outputs()];
        logs = new double[n];
        weights = new double[n];
        divergences = new double[n];
        ones = new double[n];
      }
      for (int i = 0; i < n; i++) {
        System.arraycopy(
            rollout.features,
            rows[i] * rollout.width,
            pass.input(),
            i * rollout.width,
            rollout.width);
        System.arraycopy(
            rollout.actions,
            rows[i] * rollout.actionSize,
            actions,
            i * rollout.actionSize,
            rollout.actionSize);
      }
      pass.forward(n);
      System.arraycopy(pass.output(), 0, oldOutputs, 0, n * policy.head().outputs());
    }

    /**
     * What is maximised, and where it is measured.
     *
     * @param value mean of ratio times advantage, plus the weighted entropy
     * @param divergence mean KL from the policy before the update
     * @param entropy mean, in nats
     */
    private record Surrogate(double value, double divergence, double entropy) {}

    private Surrogate surrogate(double[] advantages, Rollout rollout, int[] rows) {
      return surrogate(advantages, rollout, rows, policy.shared());
    }

    /** Of the parameters as they are; leaves the ratios' weights in {@link #weights}. */
    private Surrogate surrogate(
        double[] advantages, Rollout rollout, int[] rows, float[] oldShared) {
      int n = rows.length;
      Distribution distribution = policy.head().distribution();
      float[] shared = policy.shared();
      pass.forward(n);
      distribution.logProbabilities(pass.output(), shared, actions, n, logs);
      distribution.entropies(pass.output(), shared, n, ones);
      distribution.divergences(oldOutputs, oldShared, pass.output(), shared, n, divergences);
      double value = 0;
      double divergence = 0;
      double entropy = 0;
      for (int i = 0; i < n; i++) {
        double ratio = Math.exp(logs[i] - rollout.logProbabilities[rows[i]]);
        value += ratio * advantages[i] / n;
        weights[i] = ratio * advantages[i] / n;
        divergence += divergences[i] / n;
        entropy += ones[i] / n;
      }
      return new Surrogate(value + config.acting().entropyWeight() * entropy, divergence, entropy);
    }

    private Surrogate step(Surrogate before, double[] advantages, Rollout rollout, int[] rows) {
      int n = rows.length;
      Distribution distribution = policy.head().distribution();
      float[] shared = policy.shared();
      int tail = policy.mlp().shape().parameters();
      float[] gradient = new float[size];
      Arrays.fill(ones, 0, n, config.acting().entropyWeight() / n);
      distribution.gradient(
          pass.output(), shared, actions, n, weights, ones, pass.outputGradient(), gradient, tail);
      pass.backward(n, gradient);
      double[] direction = conjugateGradients(gradient, n, shared);
      double[] product = fisher(direction, n, shared);
      double quadratic = dot(direction, product);
      double slope = 0;
      for (int i = 0; i < size; i++) {
        slope += direction[i] * gradient[i];
      }
      if (!(quadratic > 0) || !(slope > 0)) {
        return before;
      }
      float[] start = policy.trained().clone();
      double scale = Math.sqrt(2 * config.divergence() / quadratic);
      for (int halving = 0; halving < config.lineSearchSteps(); halving++) {
        for (int i = 0; i < size; i++) {
          policy.trained()[i] = (float) (start[i] + scale * direction[i]);
        }
        Surrogate tried = surrogate(advantages, rollout, rows, shared);
        if (tried.divergence <= 1.5 * config.divergence() && tried.value > before.value) {
          return tried;
        }
        scale /= 2;
      }
      System.arraycopy(start, 0, policy.trained(), 0, size);
      return before;
    }

    /** Solves F x = gradient. */
    private double[] conjugateGradients(float[] gradient, int n, float[] shared) {
      double[] solution = new double[size];
      double[] residual = new double[size];
      for (int i = 0; i < size; i++) {
        residual[i] = gradient[i];
      }
      double[] direction = residual.clone();
      double squares = dot(residual, residual);
      for (int step = 0; step < config.conjugateSteps() && squares > 1e-12; step++) {
        double[] product = fisher(direction, n, shared);
        double along = squares / dot(direction, product);
        for (int i = 0; i < size; i++) {
          solution[i] += along * direction[i];
          residual[i] -= along * product[i];
        }
        double next = dot(residual, residual);
        for (int i = 0; i < size; i++) {
          direction[i] = residual[i] + next / squares * direction[i];
        }
        squares = next;
      }
      return solution;
    }

    /** (F + damping) times a direction. */
    private double[] fisher(double[] direction, int n, float[] shared) {
      float[] tangent = new float[size];
      for (int i = 0; i < size; i++) {
        tangent[i] = (float) direction[i];
      }
      float[] product = new float[size];
      pass.forward(n);
      pass.tangent(n, tangent);
      policy
          .head()
          .distribution()
          .fisher(
              pass.output(),
              shared,
              n,
              1.0 / n,
              pass.outputTangent(),
              tangent,
              product,
              policy.mlp().shape().parameters());
      pass.backward(n, product);
      double[] damped = new double[size];
      for (int i = 0; i < size; i++) {
        damped[i] = product[i] + config.damping() * direction[i];
      }
      return damped;
    }

    private static double dot(double[] a, double[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += a[i] * b[i];
      }
      return sum;
    }
  }
}
