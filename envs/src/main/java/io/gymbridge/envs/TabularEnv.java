package io.gymbridge.envs;

import io.gymbridge.core.Attributes;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.TabularMdp;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A world with a transition table. The observation is the state's number; the info's {@code prob}
 * is the probability of what happened.
 */
abstract class TabularEnv extends LocalEnv implements TabularMdp {
  /** What {@link #lastAction} is after a reset. */
  static final int NONE = -1;

  private final List<List<List<Outcome>>> table;
  private final double[] initialDistribution;
  private int state;
  private int lastAction = NONE;

  /** Fills in a world's table. */
  interface Dynamics {
    List<Outcome> outcomes(int state, int action);
  }

  TabularEnv(
      Registration registration,
      int states,
      int actions,
      double[] initialDistribution,
      Dynamics dynamics,
      String... renderModes) {
    super(registration.spec(new Discrete(states), new Discrete(actions), 4, renderModes));
    this.initialDistribution = initialDistribution;
    this.table = new ArrayList<>(states);
    for (int s = 0; s < states; s++) {
      List<List<Outcome>> row = new ArrayList<>(actions);
      for (int a = 0; a < actions; a++) {
        row.add(List.copyOf(dynamics.outcomes(s, a)));
      }
      table.add(row);
    }
  }

  @Override
  public final int states() {
    return table.size();
  }

  @Override
  public final int actions() {
    return table.get(0).size();
  }

  @Override
  public final List<Outcome> outcomes(int from, int action) {
    return table.get(from).get(action);
  }

  @Override
  public final double[] initialDistribution() {
    return initialDistribution.clone();
  }

  final int state() {
    return state;
  }

  /** The action that led here, or {@link #NONE}. */
  final int lastAction() {
    return lastAction;
  }

  /** Puts the world into a state, as after a reset. */
  void restore(int newState) {
    state = newState;
    lastAction = NONE;
  }

  @Override
  Reset begin(Map<String, ?> options) {
    restore(random.categorical(initialDistribution));
    return new Reset(observation(), info(null));
  }

  @Override
  public Step step(Value action) {
    lastAction = Math.toIntExact(action.array().getLong(0));
    List<Outcome> outcomes = outcomes(state, lastAction);
    double[] probabilities = new double[outcomes.size()];
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] = outcomes.get(i).probability();
    }
    Outcome outcome = outcomes.get(random.categorical(probabilities));
    state = arrived(state, outcome.next());
    return new Step(observation(), outcome.reward(), outcome.terminated(), false, info(outcome));
  }

  /** Where a step from {@code from} really ends: a hook for what the table leaves out. */
  int arrived(int from, int next) {
    return next;
  }

  /**
   * The info of this moment.
   *
   * @param outcome what happened; null after a reset
   */
  Map<String, Object> info(@Nullable Outcome outcome) {
    // Gymnasium's is the integer 1 after a reset.
    return Map.of("prob", outcome == null ? (Object) 1L : outcome.probability());
  }

  /** Gymnasium's {@code s}, the state. */
  @Override
  public Attributes attributes() {
    return new Attributes().integer("s", 0, states() - 1, () -> state, value -> state = value);
  }

  private NdArray observation() {
    return NdArray.of(new long[] {state});
  }

  @Override
  void exchange(EnvState fields) {
    state = fields.integer(state, 0, states() - 1);
    lastAction = fields.integer(lastAction, NONE, actions() - 1);
  }

  /** A number of ANSI's "select graphic rendition", around a text. */
  static String colored(String attributes, Object text) {
    return "\033[" + attributes + "m" + text + "\033[0m";
  }
}
