package io.gymbridge.learners;

import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.policies.OnnxPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
 * labelled by the expert, all lanes in one call; or, with an ensemble, only those states about
 * which its members disagree most, with a budget as long as that lasts, and with a cache only those
 * that are new. Where it departs from the paper: the same network is trained on instead of a new
 * one from scratch, for a few passes a round, and a longer fit ends the training; the last network
 * is the result, not the best on validation.
 *
 * <p>It sees an environment and an expert, both of which may live behind a connection. The loop may
 * be run at once with {@link #run} or a round at a time; between rounds it can be saved. A round
 * begins with a seeded reset, so that the environment needs not be. Not thread-safe.
 */
public final class DAgger implements Resumable {
  private static final int VERSION = 1;

  /** States that are kept as examples, of each batch and of how many batches. */
  private static final int EXAMPLES = 16;

  private static final int EXAMPLE_BATCHES = 64;

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
   * @param queryBudget most states that the expert is asked about; then the round is played to its
   *     end by the learner, and no other begins. Where it is not enough for all lanes of a step, it
   *     goes to those in which the ensemble disagrees most, or else with the fewest labels in the
   *     round. 0 for any number
   * @param ensemble networks that learn the same, of which the learner is one: where they disagree
   *     most the expert is asked. 1 to ask about every state
   * @param queryRate with an ensemble, about this share of the learner's states is asked about, in
   *     (0, 1]
   * @param answerCache observations whose answers are kept and not asked for again, those used
   *     last; for deterministic experts and tasks whose states come again to the last bit. 0 for
   *     none
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
      int evaluationEpisodes,
      long queryBudget,
      int ensemble,
      double queryRate,
      int answerCache) {
    public Config {
      if (rounds < 1 || episodesPerRound < 1 || minStepsPerRound < 1 || evaluationEpisodes < 0) {
        throw new IllegalArgumentException(
            "rounds, episodesPerRound and minStepsPerRound must be at least 1");
      }
      if (queryBudget < 0 || answerCache < 0 || ensemble < 1) {
        throw new IllegalArgumentException(
            "queryBudget and answerCache must not be below 0, ensemble not below 1");
      }
      if (!(queryRate > 0 && queryRate <= 1)) {
        throw new IllegalArgumentException("queryRate must lie in (0, 1], got " + queryRate);
      }
    }

    /**
     * 15 rounds of 4 episodes, 4 passes a round (imitation 1.0: 15 rounds of β, 3 episodes, 4
     * passes), β = 1 then 0 (the paper's section 5), at least 1000 and at most 4000 gradient steps
     * a round, the learner's means (its samples leave the states that its means would visit); every
     * state asked about. With {@code queryRate} as here, an {@code ensemble} of 3 reaches 99.9 % of
     * the expert's return on Hopper-v5 with 40 % of the queries (benchmarks/dagger.md).
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
          5,
          0,
          1,
          0.4,
          0);
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
          evaluationEpisodes,
          queryBudget,
          ensemble,
          queryRate,
          answerCache);
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
          evaluationEpisodes,
          queryBudget,
          ensemble,
          queryRate,
          answerCache);
    }

    /** With a limit, an ensemble and a cache as the components say. */
    public Config withQueries(long newBudget, int newEnsemble, double newRate, int newAnswerCache) {
      return new Config(
          cloning,
          rounds,
          episodesPerRound,
          schedule,
          epochsPerRound,
          minStepsPerRound,
          maxStepsPerRound,
          deterministicRollouts,
          evaluationEpisodes,
          newBudget,
          newEnsemble,
          newRate,
          newAnswerCache);
    }
  }

  /**
   * What was asked so far.
   *
   * @param states that were visited
   * @param queries states that the expert was asked about
   * @param cacheHits states whose answer was known
   */
  public record Queries(long states, long queries, long cacheHits) {
    /** Share of the states that went without an answer, in [0, 1]. */
    public double gatedShare() {
      return states == 0 ? 0 : 1 - (queries + cacheHits) / (double) states;
    }
  }

  /**
   * A round that has ended.
   *
   * @param round from 0
   * @param beta the expert's share of the actions in it
   * @param samples labelled states so far, those added from before included
   * @param queries what was asked so far
   * @param loss mean training loss of the round, in nats per transition
   * @param rollouts the episodes collected in it, by the mixture
   * @param evaluation of the learner alone after the round; no episodes where not asked for
   */
  public record Round(
      int round,
      double beta,
      int samples,
      Queries queries,
      double loss,
      Evaluation rollouts,
      Evaluation evaluation) {}

  private final Config config;
  private final VectorEnv env;
  private final VectorEnv evaluationEnv;
  private final Consumer<Round> listener;
  private final PolicyNetwork network;
  private final Ensemble ensemble;
  private final ExpertQueries queries;
  private final Dataset aggregate;
  private List<NdArray> visited = new ArrayList<>();
  private long states;
  private int episodes;
  private int round;

  /** Begins with random weights, evaluates on the environment it collects on, and tells nobody. */
  public DAgger(Config config, VectorEnv env, Policy expert) {
    this(config, env, env, expert, null, round -> {});
  }

  /**
   * Neither environment nor expert are closed by it. The expert is asked from another thread, one
   * call at a time.
   *
   * @param env to collect on, with NEXT_STEP or SAME_STEP autoreset
   * @param evaluationEnv to evaluate on; may be the same
   * @param start to begin with, which is not changed; null for random weights
   * @param listener told after each round
   * @throws GymException INVALID_ARGUMENT for spaces that {@link PolicyNetwork} has no head for, or
   *     a start of others or of another architecture
   */
  public DAgger(
      Config config,
      VectorEnv env,
      VectorEnv evaluationEnv,
      Policy expert,
      @Nullable PolicyNetwork start,
      Consumer<Round> listener) {
    this.config = config;
    this.env = env;
    this.evaluationEnv = evaluationEnv;
    this.queries = new ExpertQueries(expert, config.queryBudget(), config.answerCache());
    this.listener = listener;
    this.network =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            config.cloning().architecture(),
            config.cloning().seed());
    if (start != null) {
      network.copyFrom(start);
    }
    this.ensemble = new Ensemble(network, config.ensemble(), config.cloning().seed());
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

  @Override
  public PolicyNetwork policy() {
    return network;
  }

  /** States that were visited so far. */
  @Override
  public long steps() {
    return states;
  }

  /** Rounds so far. */
  public int rounds() {
    return round;
  }

  /** The number of labelled states so far. */
  public int samples() {
    return aggregate.size();
  }

  /** What was asked so far. */
  public Queries queries() {
    return new Queries(states, queries.queries(), queries.cacheHits());
  }

  /** Up to a thousand of the states that were labelled, e.g. for a bundle's golden examples. */
  public Value visitedObservations() {
    return Value.concatenate(List.copyOf(visited));
  }

  /** Runs the rounds that are left, as long as the expert may be asked, and the last fit. */
  public PolicyNetwork run() {
    while (!done()) {
      round();
    }
    return finish();
  }

  /** Whether only the last fit is left: all rounds were played, or the expert may not be asked. */
  public boolean done() {
    return round >= config.rounds() || queries.exhausted();
  }

  @Override
  public byte[] save() {
    return EnvState.save(name(), VERSION, this::exchange);
  }

  @Override
  public void restore(byte[] bytes) {
    EnvState.restore(bytes, name(), VERSION, this::exchange);
  }

  /** What is saved, so that nothing else is restored. */
  private String name() {
    return "DAgger of %d x %s on %d x %s"
        .formatted(config.ensemble(), network, env.numEnvs(), env.spec().id());
  }

  private void exchange(EnvState saved) {
    round = saved.integer(round, 0, Integer.MAX_VALUE);
    episodes = saved.integer(episodes, 0, Integer.MAX_VALUE);
    states = saved.integer(states);
    ensemble.exchange(saved);
    aggregate.exchange(saved);
    queries.exchange(saved);
    visited = SavedArrays.exchange(saved, visited);
  }

  /** Collects, trains and evaluates once. */
  public Round round() {
    double beta = config.schedule().beta(round);
    long seed = config.cloning().seed() + 1_000_003L * (round + 1);
    if (aggregate.size() > 0 && round == 0 && beta < 1) {
      train(seed - 1);
    }
    Evaluation rollouts = collect(beta, seed);
    double loss = train(seed);
    Evaluation evaluation =
        evaluate(config.evaluationEpisodes(), config.cloning().seed() + 500_000);
    Round done = new Round(round, beta, aggregate.size(), queries(), loss, rollouts, evaluation);
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

  /** Trains all networks of the ensemble; the learner's loss. */
  private double train(long seed) {
    double loss = Double.NaN;
    float[] features = new float[0];
    for (int member = 0; member < ensemble.members().size(); member++) {
      PolicyNetwork trained = ensemble.members().get(member);
      aggregate.normalise(trained);
      if (member == 0) {
        features = aggregate.normalisedFeatures();
      }
      int[] rows = ensemble.rows(member, aggregate.size());
      BehavioralCloning.Config cloning = config.cloning();
      int passes = (int) Math.ceil(config.epochsPerRound() * rows.length / cloning.batchSize());
      int steps = Math.max(config.minStepsPerRound(), Math.min(config.maxStepsPerRound(), passes));
      SupervisedFit fit = new SupervisedFit(trained, cloning, seed + 17L * member);
      double own =
          fit.run(
              features,
              aggregate.targets(),
              rows,
              steps,
              cloning.learningRate(),
              steps,
              (step, trainLoss) -> true);
      fit.fitStd(features, aggregate.targets(), rows);
      loss = member == 0 ? own : loss;
    }
    return loss;
  }

  /** Plays a round's episodes and adds what the expert says of their states. */
  private Evaluation collect(double beta, long seed) {
    try (OnnxPolicy learner = network.toPolicy(seed)) {
      LabelledRollouts rollouts =
          new LabelledRollouts(
              ensemble,
              observations -> learner.act(observations, config.deterministicRollouts()),
              queries,
              beta,
              config.queryRate(),
              env.numEnvs(),
              seed);
      Evaluation played = rollouts.play(env, config.episodesPerRound(), seed);
      states += rollouts.visited();
      for (LabelledRollouts.Labelled labelled : rollouts.labelled()) {
        // A lane's episodes of one round count as one, which early stopping holds out as a whole.
        int[] numbers = new int[labelled.observations().batchSize()];
        Arrays.fill(numbers, 1_000_000 + round * env.numEnvs() + labelled.lane());
        aggregate.add(labelled.observations(), labelled.actions(), numbers);
        remember(labelled.observations());
      }
      return played;
    } finally {
      queries.endRound();
    }
  }

  private void remember(Value observations) {
    int count = observations.batchSize();
    if (visited.size() < EXAMPLE_BATCHES && count > 0) {
      int[] rows = IntStream.range(0, Math.min(EXAMPLES, count)).toArray();
      for (int i = 0; i < rows.length; i++) {
        rows[i] = (int) ((long) i * count / rows.length);
      }
      visited.add(observations.take(rows).array());
    }
  }
}
