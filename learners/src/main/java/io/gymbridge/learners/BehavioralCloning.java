package io.gymbridge.learners;

import io.gymbridge.core.Transitions;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Behavioural cloning (Pomerleau 1991): regression of the expert's actions, by minibatches.
 *
 * <p>Gaussian negative log-likelihood (or mean squared error) for Box actions, cross-entropy for
 * Discrete and MultiDiscrete ones; see {@link GaussianHead} for what departs from the plain
 * likelihood. Training stops early when the loss on held-out data no longer falls, and the best
 * network seen is kept. Held out are whole trajectories, since neighbouring steps resemble each
 * other too much to judge by; where there are too few trajectories, single transitions; where there
 * are too few of those, none, and {@link Progress#heldOut} says so.
 *
 * <p>The same data, configuration and seed give the same network to the last bit.
 */
public final class BehavioralCloning {

  /**
   * Hyperparameters.
   *
   * @param architecture of the network
   * @param steps most gradient steps; the learning rate falls over these by a half cosine
   * @param batchSize transitions in a minibatch
   * @param learningRate of Adam, at the beginning
   * @param weightDecay decoupled (AdamW): each step takes this times the learning rate off every
   *     weight, but not off the biases; 0 for none
   * @param loss what is made small: LIKELIHOOD, or for Box actions MSE
   * @param heldOutFraction of the data, in [0, 0.5]
   * @param checkEvery gradient steps between two looks at the held-out loss
   * @param patience looks without a new best after which training stops
   * @param seed of the weights, the split and the order of the minibatches
   */
  public record Config(
      PolicyNetwork.Architecture architecture,
      int steps,
      int batchSize,
      double learningRate,
      double weightDecay,
      Loss loss,
      double heldOutFraction,
      int checkEvery,
      int patience,
      long seed) {
    public Config {
      if (steps < 1 || batchSize < 1 || checkEvery < 1 || patience < 1) {
        throw new IllegalArgumentException(
            "steps, batchSize, checkEvery and patience must be at least 1");
      }
      if (!(learningRate > 0) || !(weightDecay >= 0)) {
        throw new IllegalArgumentException("learningRate must be above 0, weightDecay not below");
      }
      if (!(heldOutFraction >= 0 && heldOutFraction <= 0.5)) {
        throw new IllegalArgumentException("heldOutFraction must lie in [0, 0.5]");
      }
    }

    /**
     * 64-64 tanh (GAIL and PPO policies); batch 64 and learning rate 1e-2, which clone
     * HalfCheetah's expert best here in 2000 and in 10000 steps, of 32 and 64 and of 1e-3, 3e-3 and
     * 1e-2; no weight decay; likelihood; a tenth held out.
     */
    public static Config defaults() {
      return new Config(
          PolicyNetwork.Architecture.defaults(),
          10_000,
          64,
          1e-2,
          0,
          Loss.LIKELIHOOD,
          0.1,
          250,
          10,
          0);
    }

    public Config withSeed(long newSeed) {
      return new Config(
          architecture,
          steps,
          batchSize,
          learningRate,
          weightDecay,
          loss,
          heldOutFraction,
          checkEvery,
          patience,
          newSeed);
    }

    public Config withSteps(int newSteps) {
      return new Config(
          architecture,
          newSteps,
          batchSize,
          learningRate,
          weightDecay,
          loss,
          heldOutFraction,
          checkEvery,
          patience,
          seed);
    }

    public Config withArchitecture(PolicyNetwork.Architecture newArchitecture) {
      return new Config(
          newArchitecture,
          steps,
          batchSize,
          learningRate,
          weightDecay,
          loss,
          heldOutFraction,
          checkEvery,
          patience,
          seed);
    }
  }

  /** What the losses on held-out data are measured on. */
  public enum HeldOut {
    TRAJECTORIES,
    /** Too few trajectories to keep whole ones back. */
    TRANSITIONS,
    /** Too few transitions to keep any back: no early stopping. */
    NOTHING
  }

  /**
   * How training goes.
   *
   * @param step gradient steps so far
   * @param epoch passes over the training data so far
   * @param trainLoss mean loss of the minibatches since the last report, in {@link Loss}'s units
   * @param heldOutLoss likewise; NaN where nothing is held out
   * @param best whether this is the lowest held-out loss so far
   */
  public record Progress(
      int step,
      double epoch,
      double trainLoss,
      double heldOutLoss,
      boolean best,
      HeldOut heldOut) {}

  private final Config config;
  private final Consumer<Progress> listener;

  public BehavioralCloning(Config config) {
    this(config, progress -> {});
  }

  /** With a listener, told after every {@link Config#checkEvery} steps. */
  public BehavioralCloning(Config config, Consumer<Progress> listener) {
    this.config = config;
    this.listener = listener;
  }

  /** Clones from random weights; see {@link #train(Transitions, PolicyNetwork)}. */
  public PolicyNetwork train(Transitions transitions) {
    return train(transitions, null);
  }

  /**
   * Clones what the transitions show.
   *
   * @param start to begin with, which is not changed; null for random weights
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT for spaces that {@link PolicyNetwork}
   *     has no head for, data that is not finite or not in the spaces, or a start of other spaces
   *     or another architecture
   */
  public PolicyNetwork train(Transitions transitions, @Nullable PolicyNetwork start) {
    PolicyNetwork network =
        PolicyNetwork.create(
            transitions.observationSpace(),
            transitions.actionSpace(),
            config.architecture(),
            config.seed());
    if (start != null) {
      network.copyFrom(start);
    }
    Dataset data = new Dataset(network.encoder(), network.head());
    data.add(transitions.observations(), transitions.actions(), transitions.episodes());
    train(network, data);
    return network;
  }

  /** Trains a network further on what may be an aggregate of several sources. */
  void train(PolicyNetwork network, Dataset data) {
    data.normalise(network);
    float[] features = data.normalisedFeatures();
    float[] targets = data.targets();
    Split split = split(data, new SplittableRandom(config.seed()));
    SupervisedFit fit = new SupervisedFit(network, config, config.seed() + 1);
    Best best = new Best();
    fit.run(
        features,
        targets,
        split.train,
        config.steps(),
        config.learningRate(),
        config.checkEvery(),
        (step, trainLoss) -> {
          double loss = Double.NaN;
          boolean improved = false;
          if (split.heldOut != HeldOut.NOTHING) {
            // With the likeliest deviations, so that the means alone decide.
            fit.fitStd(features, targets, split.test);
            loss = fit.loss(features, targets, split.test);
            improved = loss < best.loss;
            best.checks++;
            if (improved) {
              best.loss = loss;
              best.parameters = fit.save();
              best.check = best.checks;
            }
          }
          double epoch =
              (double) step * Math.min(config.batchSize(), split.train.length) / split.train.length;
          listener.accept(new Progress(step, epoch, trainLoss, loss, improved, split.heldOut));
          return best.checks - best.check < config.patience();
        });
    if (best.parameters != null) {
      fit.restore(best.parameters);
    }
    fit.fitStd(features, targets, split.heldOut == HeldOut.NOTHING ? split.train : split.test);
  }

  private static final class Best {
    private double loss = Double.POSITIVE_INFINITY;
    private float @Nullable [] parameters;
    private int check;
    private int checks;
  }

  private record Split(int[] train, int[] test, HeldOut heldOut) {}

  private Split split(Dataset data, SplittableRandom random) {
    int[] all = IntStream.range(0, data.size()).toArray();
    int[] episodes = IntStream.of(all).map(data::episode).distinct().toArray();
    boolean whole = episodes.length * config.heldOutFraction() >= 0.5;
    int wanted =
        (int) Math.round(config.heldOutFraction() * (whole ? episodes.length : all.length));
    if (config.heldOutFraction() == 0 || (!whole && wanted < 10)) {
      return new Split(all, new int[0], HeldOut.NOTHING);
    }
    int[] units = whole ? episodes : all;
    for (int i = 0; i < wanted; i++) {
      int other = i + random.nextInt(units.length - i);
      int swapped = units[i];
      units[i] = units[other];
      units[other] = swapped;
    }
    int[] chosen = Arrays.copyOf(units, wanted);
    Arrays.sort(chosen);
    boolean[] test = new boolean[data.size()];
    for (int row = 0; row < test.length; row++) {
      test[row] = Arrays.binarySearch(chosen, whole ? data.episode(row) : row) >= 0;
    }
    return new Split(
        IntStream.range(0, test.length).filter(row -> !test[row]).toArray(),
        IntStream.range(0, test.length).filter(row -> test[row]).toArray(),
        whole ? HeldOut.TRAJECTORIES : HeldOut.TRANSITIONS);
  }
}
