package io.gymbridge.learners;

import io.gymbridge.core.Transitions;
import java.util.SplittableRandom;

/**
 * What GAIL and AIRL have in common: in every round a {@link Discriminator} is trained on as many
 * transitions of the expert as of the learner, and then pays the learner. Not thread-safe.
 */
final class Adversary implements OnPolicy.Rewards {

  /**
   * Hyperparameters.
   *
   * @param batchSize transitions of each side in an update of the discriminator
   * @param updates of the discriminator per round; 0 leaves it as it begins, which is the control
   *     that shows what the reward's sign alone does
   * @param replay how many of the learner's latest transitions are drawn from
   * @param entropyWeight of the entropy of the discriminator's opinion, which keeps it from being
   *     too sure; 1e-3 in the paper's code
   * @param absorbing whether what comes after the task's end is a state of its own, with a reward
   *     that is learned (Kostrikov et al. 2019)
   * @param gamma discount, of the rewards in the absorbing state
   * @param seed of the draws
   */
  record Config(
      int batchSize,
      int updates,
      int replay,
      double entropyWeight,
      boolean absorbing,
      double gamma,
      long seed) {
    Config {
      if (batchSize < 1 || 2 * batchSize > Discriminator.CHUNK || updates < 0 || replay < 1) {
        throw new IllegalArgumentException(
            "discriminator batches must lie in [1, %d], updates be 0 or more, and replay 1 or more"
                .formatted(Discriminator.CHUNK / 2));
      }
    }
  }

  private final Config config;
  private final Discriminator discriminator;
  private final TransitionBatch expert;
  private final TransitionBatch replay;
  private final TransitionBatch batch;
  private final double[] logs = new double[Discriminator.CHUNK];
  private final double[] logits = new double[Discriminator.CHUNK];
  private final double[] gradient = new double[Discriminator.CHUNK];
  private final SplittableRandom random;
  private int filled;
  private int next;

  Adversary(Config config, Discriminator discriminator, Transitions demonstrations) {
    this.config = config;
    this.discriminator = discriminator;
    this.expert = discriminator.encoder().encode(demonstrations);
    this.replay = discriminator.encoder().batch(config.replay());
    this.batch = discriminator.encoder().batch(Discriminator.CHUNK);
    this.random = new SplittableRandom(config.seed());
  }

  @Override
  public OnPolicy.Discrimination apply(Rollout rollout, PolicyNetwork policy) {
    remember(rollout);
    Tally tally = new Tally();
    for (int update = 0; update < Math.max(1, config.updates()); update++) {
      train(policy, tally, config.updates() > 0);
    }
    pay(rollout, policy, tally);
    return tally.summary();
  }

  private void remember(Rollout rollout) {
    for (int row = 0; row < rollout.rows(); row++) {
      if (!rollout.valid[row]) {
        continue;
      }
      replay.set(slot(), rollout, row);
      if (config.absorbing() && rollout.terminated[row]) {
        replay.setAbsorbing(slot());
      }
    }
  }

  private int slot() {
    int slot = next;
    next = (next + 1) % replay.capacity();
    filled = Math.max(filled, slot + 1);
    return slot;
  }

  /** One update on a fresh draw: the expert's rows first, then as many of the learner's. */
  private void train(PolicyNetwork policy, Tally tally, boolean learn) {
    int half = config.batchSize();
    int n = 2 * half;
    for (int i = 0; i < half; i++) {
      batch.set(i, expert, random.nextInt(expert.capacity()));
      batch.set(half + i, replay, random.nextInt(filled));
    }
    discriminator.encoder().observe(batch, n);
    logProbabilities(policy, n);
    discriminator.logits(batch, n, logs, logits);
    for (int i = 0; i < n; i++) {
      double logit = logits[i];
      double probability = 1 / (1 + Math.exp(-logit));
      double label = i < half ? 1 : 0;
      double byEntropy = -logit * probability * (1 - probability);
      gradient[i] = (probability - label - config.entropyWeight() * byEntropy) / n;
      tally.add(logit, label == 1, n);
    }
    tally.batches++;
    if (learn) {
      discriminator.descend(batch, n, gradient);
    }
  }

  private void pay(Rollout rollout, PolicyNetwork policy, Tally tally) {
    double after = 0;
    if (config.absorbing()) {
      batch.setAbsorbing(0);
      logs[0] = 0;
      discriminator.rewards(batch, 1, logs, logits);
      after = logits[0] * config.gamma() / (1 - config.gamma());
    }
    int[] rows = rollout.validRows();
    for (int from = 0; from < rows.length; from += Discriminator.CHUNK) {
      int n = Math.min(Discriminator.CHUNK, rows.length - from);
      for (int i = 0; i < n; i++) {
        batch.set(i, rollout, rows[from + i]);
      }
      logProbabilities(policy, n);
      discriminator.rewards(batch, n, logs, logits);
      for (int i = 0; i < n; i++) {
        double reward = logits[i];
        tally.reward += reward / rows.length;
        tally.rewardSquares += reward * reward / rows.length;
        int row = rows[from + i];
        rollout.rewards[row] = reward + (rollout.terminated[row] ? after : 0);
      }
    }
  }

  /** Fills {@link #logs} where the discriminator needs them; 0 in the absorbing state. */
  private void logProbabilities(PolicyNetwork policy, int n) {
    if (!discriminator.needsLogProbabilities()) {
      return;
    }
    float[] features = policy.encoder().normalise(batch.observations, n);
    float[] outputs = policy.outputs(features, n);
    policy.head().distribution().logProbabilities(outputs, policy.shared(), batch.actions, n, logs);
    for (int i = 0; i < n; i++) {
      if (batch.absorbing[i]) {
        logs[i] = 0;
      }
    }
  }

  /** Sums over a round. */
  private static final class Tally {
    private double loss;
    private double expertRight;
    private double generatorRight;
    private double expertLogit;
    private double generatorLogit;
    private double reward;
    private double rewardSquares;
    private int batches;

    void add(double logit, boolean expert, int n) {
      double share = 2.0 / n;
      if (expert) {
        expertLogit += logit * share;
        expertRight += logit > 0 ? share : 0;
        loss += softplus(-logit) / n;
      } else {
        generatorLogit += logit * share;
        generatorRight += logit < 0 ? share : 0;
        loss += softplus(logit) / n;
      }
    }

    OnPolicy.Discrimination summary() {
      return new OnPolicy.Discrimination(
          loss / batches,
          expertRight / batches,
          generatorRight / batches,
          expertLogit / batches,
          generatorLogit / batches,
          reward,
          Math.sqrt(Math.max(0, rewardSquares - reward * reward)));
    }
  }

  /** log(1 + eˣ). */
  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }
}
