package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.nn.Adam;
import io.gymbridge.learners.nn.Distribution;
import io.gymbridge.learners.nn.Mlp;
import io.gymbridge.learners.nn.SeededRandom;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Proximal policy optimisation (Schulman et al. 2017) with the clipped objective and generalised
 * advantage estimation, on any {@link VectorEnv}.
 *
 * <p>Of the details that decide whether it learns (Huang et al. 2022): orthogonal weights, √2 in
 * hidden layers, 0.01 for the policy's outputs and 1 for the value's; advantages normalised in each
 * minibatch; observations and rewards normalised by running statistics, and clipped to ±10; Adam
 * with ε = 1e-5; the gradient's norm clipped; the last value counts where an episode is truncated,
 * and does not where it is terminated.
 *
 * <p>Where it departs from common code: policy and values share nothing, not even the clipping of
 * the gradient, so that both are trained at the same time in a thread each. Deterministic all the
 * same. Not thread-safe.
 */
public final class Ppo {

  /**
   * Hyperparameters.
   *
   * @param acting what PPO shares with TRPO
   * @param batchSize transitions in a minibatch
   * @param epochs passes over a rollout
   * @param learningRate of Adam
   * @param anneal whether learning rate and clip fall evenly to 0 over the training
   * @param clip most that the ratio of probabilities may differ from 1 with effect
   * @param maxGradientNorm of each network's gradient
   * @param targetDivergence ends the passes of an update early; 0 for never
   */
  public record Config(
      OnPolicy.Config acting,
      int batchSize,
      int epochs,
      double learningRate,
      boolean anneal,
      double clip,
      double maxGradientNorm,
      double targetDivergence)
      implements Generator.Config {
    public Config {
      Checks.atLeast(2, "batchSize", batchSize);
      Checks.atLeast(1, "epochs", epochs);
      Checks.positive("learningRate", learningRate);
      Checks.positive("clip", clip);
      Checks.positive("maxGradientNorm", maxGradientNorm);
      Checks.within(0, Double.MAX_VALUE, "targetDivergence", targetDivergence);
    }

    /**
     * The paper's for MuJoCo (table 3: 10 passes, batch 64, γ 0.99, λ 0.95, clip 0.2, 2048
     * transitions), here with 8 lanes in mind; annealed, as the paper does for Atari: without it a
     * policy that is as good as it can be goes on being moved by the noise in its advantages.
     */
    public static Config defaults() {
      return new Config(
          new OnPolicy.Config(
              PolicyNetwork.Architecture.defaults(), 256, 0.99, 0.95, 0, 0, true, true, false, 0),
          64,
          10,
          3e-4,
          true,
          0.2,
          0.5,
          0);
    }

    @Override
    public Config withActing(OnPolicy.Config newActing) {
      return new Config(
          newActing,
          batchSize,
          epochs,
          learningRate,
          anneal,
          clip,
          maxGradientNorm,
          targetDivergence);
    }

    @Override
    public Generator make(PolicyNetwork policy, long seed) {
      return new Update(this, policy, seed);
    }
  }

  private final Config config;

  public Ppo(Config config) {
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
    private final Ppo.Config config;
    private final PolicyNetwork policy;
    private final ValueNetwork values;
    private final Adam adam;
    private final SeededRandom order;
    private final Mlp.Pass pass;
    private final float[] gradient;
    private final float[] actions;
    private final double[] logs;
    private final double[] logWeights;
    private final double[] entropyWeights;
    private final double[] entropies;

    Update(Ppo.Config config, PolicyNetwork policy, long seed) {
      SplittableRandom seeds = new SplittableRandom(seed);
      this.config = config;
      this.policy = policy;
      this.values =
          new ValueNetwork(
              policy.encoder().width(), config.acting().architecture(), seeds.nextLong());
      this.order = new SeededRandom(seeds.nextLong());
      this.adam = new Adam(policy.trained(), 1e-5);
      int n = config.batchSize();
      this.pass = policy.mlp().pass(n);
      this.gradient = new float[policy.trained().length];
      this.actions = new float[n * policy.head().targetSize()];
      this.logs = new double[n];
      this.logWeights = new double[n];
      this.entropyWeights = new double[n];
      this.entropies = new double[n];
    }

    @Override
    public Diagnostics update(Rollout rollout, double progress) {
      values.fill(rollout, policy.encoder());
      rollout.estimateAdvantages(config.acting().gamma(), config.acting().lambda());
      double explained = rollout.explainedVariance();
      double left = config.anneal() ? 1 - progress : 1;
      double rate = config.learningRate() * left;
      int[] rows = rollout.validRows();
      CompletableFuture<Double> valueLoss =
          CompletableFuture.supplyAsync(
              () ->
                  values.fit(
                      rollout,
                      rows,
                      config.epochs(),
                      config.batchSize(),
                      rate,
                      config.maxGradientNorm()));
      Sums sums = improvePolicy(rollout, rows.clone(), rate, config.clip() * left);
      return new Diagnostics(
          sums.loss / sums.count,
          valueLoss.join(),
          sums.entropy / sums.count,
          sums.divergence / sums.count,
          sums.clipped / sums.count,
          explained);
    }

    @Override
    public String toString() {
      return "PPO";
    }

    @Override
    public void exchange(EnvState saved) {
      values.exchange(saved);
      adam.exchange(saved);
      order.exchange(saved);
    }

    /** Over the minibatches of an update. */
    private static final class Sums {
      private double loss;
      private double entropy;
      private double divergence;
      private double clipped;
      private int count;
    }

    private Sums improvePolicy(Rollout rollout, int[] rows, double rate, double clip) {
      Sums sums = new Sums();
      int n = Math.min(config.batchSize(), rows.length);
      for (int epoch = 0; epoch < config.epochs(); epoch++) {
        Shuffle.apply(rows, order);
        for (int from = 0; from + n <= rows.length; from += n) {
          double before = sums.divergence;
          minibatch(rollout, rows, from, n, clip, sums);
          if (config.targetDivergence() > 0
              && (sums.divergence - before) > 1.5 * config.targetDivergence()) {
            return sums;
          }
          Adam.clip(gradient, config.maxGradientNorm());
          adam.step(gradient, rate);
        }
      }
      return sums;
    }

    /** Leaves the gradient of the loss in {@link #gradient}. */
    private void minibatch(Rollout rollout, int[] rows, int from, int n, double clip, Sums sums) {
      Distribution distribution = policy.head().distribution();
      int size = rollout.actionSize;
      double mean = 0;
      double squares = 0;
      for (int i = 0; i < n; i++) {
        int row = rows[from + i];
        System.arraycopy(
            rollout.features, row * rollout.width, pass.input(), i * rollout.width, rollout.width);
        System.arraycopy(rollout.actions, row * size, actions, i * size, size);
        mean += rollout.advantages[row] / n;
      }
      for (int i = 0; i < n; i++) {
        double difference = rollout.advantages[rows[from + i]] - mean;
        squares += difference * difference;
      }
      double deviation = Math.sqrt(squares / (n - 1)) + 1e-8;
      pass.forward(n);
      float[] outputs = pass.output();
      float[] shared = policy.shared();
      distribution.logProbabilities(outputs, shared, actions, n, logs);
      distribution.entropies(outputs, shared, n, entropies);
      double loss = 0;
      double clipped = 0;
      double divergence = 0;
      double entropy = 0;
      for (int i = 0; i < n; i++) {
        int row = rows[from + i];
        double advantage = (rollout.advantages[row] - mean) / deviation;
        double logRatio = logs[i] - rollout.logProbabilities[row];
        double ratio = Math.exp(logRatio);
        double bounded = Math.max(1 - clip, Math.min(1 + clip, ratio));
        boolean active = ratio * advantage <= bounded * advantage;
        loss -= Math.min(ratio * advantage, bounded * advantage) / n;
        // Gradients of the loss, hence the signs; that of the ratio is the ratio times the log's.
        logWeights[i] = active ? -ratio * advantage / n : 0;
        entropyWeights[i] = -config.acting().entropyWeight() / n;
        // By the clip it began with: one that has been annealed to nothing is always exceeded.
        clipped += Math.abs(ratio - 1) > config.clip() ? 1.0 / n : 0;
        // Non-negative and of low variance (Schulman 2020).
        divergence += (ratio - 1 - logRatio) / n;
        entropy += entropies[i] / n;
      }
      Arrays.fill(gradient, 0);
      distribution.gradient(
          outputs,
          shared,
          actions,
          n,
          logWeights,
          entropyWeights,
          pass.outputGradient(),
          gradient,
          policy.mlp().shape().parameters());
      pass.backward(n, gradient);
      sums.loss += loss;
      sums.clipped += clipped;
      sums.divergence += divergence;
      sums.entropy += entropy;
      sums.count++;
    }
  }
}
