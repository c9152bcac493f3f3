package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.nn.SeededRandom;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What GAIL and AIRL have in common: in every round a {@link Discriminator} is trained on as many
 * transitions of the expert as of the learner, and then pays the learner. Not thread-safe.
 */
final class Adversary implements OnPolicy.Rewards {

  /** Makes the part in which GAIL and AIRL differ. */
  interface Maker {
    Discriminator make(TransitionEncoder encoder, long seed);
  }

  private final AdversarialConfig config;
  private final Discriminator discriminator;
  private final TransitionBatch expert;
  private final TransitionBatch replay;
  private final TransitionBatch batch;
  private final double[] logs = new double[Discriminator.CHUNK];
  private final double[] logits = new double[Discriminator.CHUNK];
  private final double[] gradient = new double[Discriminator.CHUNK];
  private final SeededRandom random;
  private int filled;
  private int next;

  Adversary(
      AdversarialConfig config,
      Discriminator discriminator,
      Transitions demonstrations,
      long seed) {
    this.config = config;
    this.discriminator = discriminator;
    this.expert = discriminator.encoder().encode(demonstrations);
    this.replay = discriminator.encoder().batch(config.replay());
    this.batch = discriminator.encoder().batch(Discriminator.CHUNK);
    this.random = new SeededRandom(seed);
  }

  /** A training whose rewards a discriminator learns. */
  static OnPolicy start(
      VectorEnv env,
      AdversarialConfig config,
      Maker maker,
      Transitions demonstrations,
      long steps,
      @Nullable PolicyNetwork start) {
    OnPolicy training = new OnPolicy(env, config.generator(), steps, start);
    PolicyNetwork policy = training.policy();
    SplittableRandom seeds =
        new SplittableRandom(config.generator().acting().seed() ^ 0x9e3779b97f4a7c15L);
    Discriminator discriminator =
        maker.make(
            new TransitionEncoder(policy.encoder(), policy.head(), config.absorbing()),
            seeds.nextLong());
    return training.withRewards(
        new Adversary(config, discriminator, demonstrations, seeds.nextLong()));
  }

  @Override
  public String toString() {
    return "%s, replay %d".formatted(discriminator, replay.capacity());
  }

  @Override
  public LearnedReward learned() {
    return discriminator.learned();
  }

  @Override
  public void exchange(EnvState saved) {
    discriminator.exchange(saved);
    replay.exchange(saved);
    random.exchange(saved);
    filled = saved.integer(filled, 0, replay.capacity());
    next = saved.integer(next, 0, replay.capacity() - 1);
  }

  @Override
  public OnPolicy.Discrimination apply(Rollout rollout, PolicyNetwork policy) {
    remember(rollout);
    Tally tally = new Tally();
    for (int update = 0; update < Math.max(1, config.discriminatorUpdates()); update++) {
      train(policy, tally, config.discriminatorUpdates() > 0);
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
    int half = config.discriminatorBatchSize();
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
      gradient[i] = (probability - label - config.discriminatorEntropyWeight() * byEntropy) / n;
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
      double gamma = config.generator().acting().gamma();
      after = logits[0] * gamma / (1 - gamma);
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
