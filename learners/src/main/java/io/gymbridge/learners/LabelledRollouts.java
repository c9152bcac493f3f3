package io.gymbridge.learners;

import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.ExpertQueries.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A round of {@link DAgger}'s episodes, and what the expert says of the states in them. Each lane
 * has its own random numbers and its own gate, and labels are kept lane by lane, so that they are
 * the same in all autoreset modes. The environment steps on while the expert is asked, but for
 * steps in which the expert acts in some lane.
 */
final class LabelledRollouts implements EpisodeLoop.Actor {
  private final PolicyNetwork network;
  private final UnaryOperator<Value> learner;
  private final ExpertQueries queries;
  private final Ensemble ensemble;
  private final double beta;
  private final List<SplittableRandom> random = new ArrayList<>();
  private final List<DisagreementGate> gates = new ArrayList<>();
  private final List<List<Value>> seen = new ArrayList<>();
  private final List<List<Answer>> labels = new ArrayList<>();
  private long visited;

  /**
   * Plays nothing yet.
   *
   * @param ensemble whose disagreement opens the gate; one of a single network asks about all
   *     states
   * @param learner its actions for all lanes
   * @param beta the expert's share of the actions
   * @param queryRate about this share of the other states is asked about
   */
  LabelledRollouts(
      Ensemble ensemble,
      UnaryOperator<Value> learner,
      ExpertQueries queries,
      double beta,
      double queryRate,
      int lanes,
      long seed) {
    this.network = ensemble.members().get(0);
    this.learner = learner;
    this.queries = queries;
    this.ensemble = ensemble;
    this.beta = beta;
    SplittableRandom seeds = new SplittableRandom(seed);
    for (int lane = 0; lane < lanes; lane++) {
      random.add(seeds.split());
      gates.add(new DisagreementGate(queryRate));
      seen.add(new ArrayList<>());
      labels.add(new ArrayList<>());
    }
  }

  /** Plays episodes; returns and lengths in the order in which they ended. */
  Evaluation play(VectorEnv env, int episodes, long seed) {
    Evaluation.Tally tally = new Evaluation.Tally();
    EpisodeLoop.play(env, this, episodes, seed, (lane, episode) -> tally.add(episode));
    return tally.evaluation();
  }

  @Override
  public Value act(Value observations, boolean[] active) {
    int lanes = active.length;
    boolean[] byExpert = new boolean[lanes];
    boolean[] wanted = new boolean[lanes];
    double[] disagreement =
        ensemble.members().size() > 1 ? ensemble.disagreement(observations) : null;
    for (int lane = 0; lane < lanes; lane++) {
      if (active[lane]) {
        visited++;
        byExpert[lane] = beta >= 1 || random.get(lane).nextDouble() < beta;
        boolean open = disagreement == null || gates.get(lane).exceeds(disagreement[lane]);
        wanted[lane] = byExpert[lane] || open;
      }
    }
    @Nullable Answer[] answers =
        queries.ask(
            observations, active, wanted, disagreement == null ? fewestFirst() : disagreement);
    List<NdArray> taken = new ArrayList<>();
    int[] rows = new int[lanes];
    boolean learnerActs = false;
    for (int lane = 0; lane < lanes; lane++) {
      Answer answer = answers[lane];
      if (answer != null) {
        seen.get(lane).add(observations.row(lane));
        labels.get(lane).add(answer);
      }
      rows[lane] = -1;
      if (answer != null && byExpert[lane]) {
        rows[lane] = taken.size();
        taken.add(answer.get());
      }
      learnerActs |= active[lane] && rows[lane] < 0;
    }
    if (taken.isEmpty()) {
      return learner.apply(observations);
    }
    Value experts = network.head().clip(Value.stack(taken));
    if (!learnerActs) {
      return experts.take(IntStream.of(rows).map(row -> Math.max(0, row)).toArray());
    }
    for (int lane = 0; lane < lanes; lane++) {
      rows[lane] = rows[lane] < 0 ? taken.size() + lane : rows[lane];
    }
    return Value.concatenate(List.of(experts, learner.apply(observations))).take(rows);
  }

  /** Without disagreement, lanes with fewer labels are more urgent. */
  private double[] fewestFirst() {
    return labels.stream().mapToDouble(answered -> -answered.size()).toArray();
  }

  /** Number of states so far, whether asked about or not. */
  long visited() {
    return visited;
  }

  /** A lane's states that were answered, in their order. */
  record Labelled(int lane, Value observations, Value actions) {}

  /** What the expert said, for the lanes in which it said anything; waits for all answers. */
  List<Labelled> labelled() {
    return IntStream.range(0, seen.size())
        .filter(lane -> !seen.get(lane).isEmpty())
        .mapToObj(
            lane ->
                new Labelled(
                    lane,
                    Value.stack(seen.get(lane)),
                    Value.stack(labels.get(lane).stream().map(Answer::get).toList())))
        .toList();
  }
}
