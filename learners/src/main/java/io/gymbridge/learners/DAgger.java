package io.gymbridge.learners;

import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.policies.OnnxPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Dataset aggregation (Ross, Gordon and Bagnell 2011, algorithm 3.1): the learner acts, the expert
 * says what it would have done instead, and the learner is trained on all that was ever said.
 *
 * <p>In round i each step of each lane is taken by the expert with probability β_i and by the
 * learner otherwise (the mixture of the paper, decided per time step). Every visited state is
 * labelled by the expert, all lanes in one call. Where it departs from the paper: the same network
 * is trained on instead of a new one from scratch, for a few passes a round, and a longer fit ends
 * the training; the last network is the result, not the best on validation.
 *
 * <p>It sees an environment and an expert, both of which may live behind a connection. The loop may
 * be run at once with {@link #run} or a round at a time. Not thread-safe.
 */
public final class DAgger {

  /** How often the expert acts: β in round i = 0, 1, …, in [0, 1]. */
  public interface Schedule {
    double beta(int round);

    /** From 1 in round 0 evenly down to 0 in round {@code rounds}; {@code linear:ROUNDS}. */
    static Schedule linear(int rounds) {
      return new Named(
          "linear:" + rounds, round -> Math.max(0, 1 - (double) round / Math.max(1, rounds)));
    }

    /** p^i; {@code exponential:P}. */
    static Schedule exponential(double p) {
      return new Named("exponential:" + p, round -> Math.pow(p, round));
    }

    /**
     * The expert in round 0, the learner ever after: the paper's parameter-free choice; {@code
     * expert-first}.
     */
    static Schedule expertFirst() {
      return new Named("expert-first", round -> round == 0 ? 1 : 0);
    }

    /**
     * The learner from the beginning, which demonstrations have taught: they are what the expert
     * would have done in round 0; {@code learner-only}.
     */
    static Schedule learnerOnly() {
      return new Named("learner-only", round -> 0);
    }

    /**
     * The schedule of a name, as each method here gives it.
     *
     * @throws IllegalArgumentException for another name
     */
    static Schedule parse(String name) {
      String[] parts = name.split(":", 2);
      return switch (parts[0]) {
        case "expert-first" -> expertFirst();
        case "learner-only" -> learnerOnly();
        case "linear" -> linear(Integer.parseInt(parts[1]));
        case "exponential" -> exponential(Double.parseDouble(parts[1]));
        default ->
            throw new IllegalArgumentException(
                "no schedule \""
                    + name
                    + "\": expert-first, learner-only, linear:ROUNDS, exponential:P");
      };
    }
  }

  private record Named(String name, IntToDoubleFunction betas) implements Schedule {
    @Override
    public double beta(int round) {
      return betas.applyAsDouble(round);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * Hyperparameters.
   *
   * @param cloning of the network, the minibatches and, with its {@code steps}, the last fit
   * @param rounds of collecting and training
   * @param episodesPerRound collected over all lanes together
   * @param schedule of the expert's share
   * @param epochsPerRound passes over the whole aggregate in each round
   * @param minStepsPerRound gradient steps of a round if the passes give fewer
   * @param maxStepsPerRound gradient steps of a round if the passes give more
   * @param deterministicRollouts whether the learner's own actions are its means
   * @param evaluationEpisodes deterministic episodes after each round, from the same seed each
   *     time; 0 for none
   */
  public record Config(
      BehavioralCloning.Config cloning,
      int rounds,
      int episodesPerRound,
      Schedule schedule,
      double epochsPerRound,
      int minStepsPerRound,
      int maxStepsPerRound,
      boolean deterministicRollouts,
      int evaluationEpisodes) {
    public Config {
      if (rounds < 1 || episodesPerRound < 1 || minStepsPerRound < 1 || evaluationEpisodes < 0) {
        throw new IllegalArgumentException(
            "rounds, episodesPerRound and minStepsPerRound must be at least 1");
      }
    }

    /**
     * 15 rounds of 4 episodes, 4 passes a round (imitation 1.0: 15 rounds of β, 3 episodes, 4
     * passes), β = 1 then 0 (the paper's section 5), at least 1000 and at most 4000 gradient steps
     * a round, the learner's means (its samples leave the states that its means would visit).
     */
    public static Config defaults() {
      return new Config(
          BehavioralCloning.Config.defaults(),
          15,
          4,
          Schedule.expertFirst(),
          4,
          1000,
          4000,
          true,
          5);
    }

    public Config withCloning(BehavioralCloning.Config newCloning) {
      return new Config(
          newCloning,
          rounds,
          episodesPerRound,
          schedule,
          epochsPerRound,
          minStepsPerRound,
          maxStepsPerRound,
          deterministicRollouts,
          evaluationEpisodes);
    }

    public Config withRounds(int newRounds) {
      return new Config(
          cloning,
          newRounds,
          episodesPerRound,
          schedule,
          epochsPerRound,
          minStepsPerRound,
          maxStepsPerRound,
          deterministicRollouts,
          evaluationEpisodes);
    }
  }

  /**
   * A round that has ended.
   *
   * @param round from 0
   * @param beta the expert's share of the actions in it
   * @param samples labelled states so far
   * @param loss mean training loss of the round, in nats per transition
   * @param rollouts the episodes collected in it, by the mixture
   * @param evaluation of the learner alone after the round; no episodes where not asked for
   */
  public record Round(
      int round,
      double beta,
      int samples,
      double loss,
      Evaluation rollouts,
      Evaluation evaluation) {}

  private final Config config;
  private final VectorEnv env;
  private final VectorEnv evaluationEnv;
  private final Policy expert;
  private final Consumer<Round> listener;
  private final PolicyNetwork network;
  private final Dataset aggregate;
  private final List<Value> visited = new ArrayList<>();
  private int episodes;
  private int round;

  /** Evaluates on the environment that it collects on, and tells nobody. */
  public DAgger(Config config, VectorEnv env, Policy expert) {
    this(config, env, env, expert, round -> {});
  }

  /**
   * Neither environment nor expert are closed by it.
   *
   * @param env to collect on, with NEXT_STEP or SAME_STEP autoreset
   * @param evaluationEnv to evaluate on; may be the same
   * @param listener told after each round
   * @throws GymException INVALID_ARGUMENT for spaces that {@link PolicyNetwork} has no head for
   */
  public DAgger(
      Config config,
      VectorEnv env,
      VectorEnv evaluationEnv,
      Policy expert,
      Consumer<Round> listener) {
    this.config = config;
    this.env = env;
    this.evaluationEnv = evaluationEnv;
    this.expert = expert;
    this.listener = listener;
    this.network =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            config.cloning().architecture(),
            config.cloning().seed());
    this.aggregate = new Dataset(network.encoder(), network.head());
  }

  /**
   * Adds labelled states from before: demonstrations to begin with, or what an earlier run
   * collected. With {@link #startAt} behind the rounds that they stand for, training resumes.
   */
  public void add(Transitions transitions) {
    int[] numbered = Arrays.stream(transitions.episodes()).map(e -> episodes + e).toArray();
    aggregate.add(transitions.observations(), transitions.actions(), numbered);
    episodes = IntStream.of(numbered).max().orElse(episodes - 1) + 1;
    remember(transitions.observations());
  }

  /** Adds all steps of some demonstrations; see {@link #add(Transitions)}. */
  public void add(Demonstrations demonstrations) {
    add(demonstrations.transitions());
  }

  /** Begins with a later round than 0: its β and its seeds. */
  public void startAt(int firstRound) {
    round = firstRound;
  }

  /** The network as it stands. */
  public PolicyNetwork network() {
    return network;
  }

  /** The number of labelled states so far. */
  public int samples() {
    return aggregate.size();
  }

  /** Up to a few hundred of the states that were visited, e.g. for a bundle's golden examples. */
  public Value visitedObservations() {
    return Value.concatenate(visited);
  }

  /** Runs the rounds that are left and the last fit. */
  public PolicyNetwork run() {
    while (round < config.rounds()) {
      round();
    }
    return finish();
  }

  /** Collects, trains and evaluates once. */
  public Round round() {
    double beta = config.schedule().beta(round);
    long seed = config.cloning().seed() + 1_000_003L * (round + 1);
    if (aggregate.size() > 0 && round == 0 && beta < 1) {
      train(seed - 1);
    }
    List<Trajectory> rollouts = collect(beta, seed);
    double loss = train(seed);
    Evaluation evaluation =
        evaluate(config.evaluationEpisodes(), config.cloning().seed() + 500_000);
    Round done =
        new Round(round, beta, aggregate.size(), loss, Evaluation.of(rollouts), evaluation);
    round++;
    listener.accept(done);
    return done;
  }

  /** A longer fit on the whole aggregate, with early stopping on held-out episodes. */
  public PolicyNetwork finish() {
    new BehavioralCloning(config.cloning()).train(network, aggregate);
    return network;
  }

  /** Plays deterministic episodes of the learner as it stands. */
  public Evaluation evaluate(int evaluationEpisodes, long seed) {
    if (evaluationEpisodes == 0) {
      return Evaluation.of(List.of());
    }
    try (OnnxPolicy learner = network.toPolicy(seed)) {
      return Evaluation.of(evaluationEnv, learner, true, evaluationEpisodes, seed);
    }
  }

  private double train(long seed) {
    aggregate.normalise(network);
    float[] features = aggregate.normalisedFeatures();
    int[] rows = IntStream.range(0, aggregate.size()).toArray();
    BehavioralCloning.Config cloning = config.cloning();
    int passes = (int) Math.ceil(config.epochsPerRound() * aggregate.size() / cloning.batchSize());
    int steps = Math.max(config.minStepsPerRound(), Math.min(config.maxStepsPerRound(), passes));
    SupervisedFit fit =
        new SupervisedFit(network, cloning.batchSize(), cloning.weightDecay(), seed);
    double loss =
        fit.run(
            features,
            aggregate.targets(),
            rows,
            steps,
            cloning.learningRate(),
            steps,
            (step, trainLoss) -> true);
    fit.fitStd(features, aggregate.targets(), rows);
    return loss;
  }

  /**
   * Plays a round's episodes and labels what they visit. Each lane has its own random numbers, and
   * its labels are added after those of the lane before it, so that the aggregate is the same in
   * all autoreset modes.
   */
  private List<Trajectory> collect(double beta, long seed) {
    int lanes = env.numEnvs();
    SplittableRandom seeds = new SplittableRandom(seed);
    List<SplittableRandom> random = new ArrayList<>();
    List<List<Value>> seen = new ArrayList<>();
    List<List<Value>> labels = new ArrayList<>();
    for (int lane = 0; lane < lanes; lane++) {
      random.add(seeds.split());
      seen.add(new ArrayList<>());
      labels.add(new ArrayList<>());
    }
    List<Trajectory> episodesPlayed;
    try (@Nullable OnnxPolicy learner = beta < 1 ? network.toPolicy(seed) : null) {
      episodesPlayed =
          EpisodeLoop.play(
              env,
              (observations, active) -> {
                int[] asked = IntStream.range(0, lanes).filter(lane -> active[lane]).toArray();
                if (asked.length == 0) {
                  NdArray any = network.actionSpace().sample(new SplittableRandom(0)).array();
                  return Value.stack(Collections.nCopies(lanes, any));
                }
                NdArray answers = label(observations.take(asked), asked.length);
                int[] answered = new int[lanes];
                boolean[] byExpert = new boolean[lanes];
                for (int i = 0; i < asked.length; i++) {
                  int lane = asked[i];
                  seen.get(lane).add(observations.row(lane));
                  labels.get(lane).add(answers.row(i));
                  answered[lane] = i;
                  byExpert[lane] = beta >= 1 || random.get(lane).nextDouble() < beta;
                }
                Value taken = network.head().clip(answers.take(answered));
                return learner == null
                    ? taken
                    : mixed(
                        taken, learner.act(observations, config.deterministicRollouts()), byExpert);
              },
              config.episodesPerRound(),
              seed,
              episode -> {});
    }
    for (int lane = 0; lane < lanes; lane++) {
      if (!seen.get(lane).isEmpty()) {
        Value observations = Value.stack(seen.get(lane));
        // A lane's episodes of one round count as one, which early stopping holds out as a whole.
        int[] numbers = new int[observations.batchSize()];
        Arrays.fill(numbers, 1_000_000 + round * lanes + lane);
        aggregate.add(observations, Value.stack(labels.get(lane)), numbers);
        remember(observations);
      }
    }
    return episodesPlayed;
  }

  private NdArray label(Value observations, int asked) {
    NdArray answers = expert.act(observations, true).array();
    if (answers.batchSize() != asked) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the expert gave %d actions for %d observations".formatted(answers.batchSize(), asked));
    }
    return answers;
  }

  private void remember(Value observations) {
    if (visited.size() < 256) {
      visited.add(observations);
    }
  }

  private static Value mixed(Value expert, Value own, boolean[] byExpert) {
    NdArray both = Value.concatenate(List.of(expert, own)).array();
    int n = byExpert.length;
    int[] rows = new int[n];
    for (int lane = 0; lane < n; lane++) {
      rows[lane] = byExpert[lane] ? lane : n + lane;
    }
    return both.take(rows);
  }
}
