package io.gymbridge.core;

import java.util.List;

/**
 * A Markov decision process with few enough states and actions to be written down: what exact
 * algorithms (value iteration, maximum entropy inverse reinforcement learning) work on.
 *
 * <p>States and actions are counted from 0, as the members of the environment's Discrete spaces.
 */
public interface TabularMdp {

  /** Number of states. */
  int states();

  /** Number of actions, the same in every state. */
  int actions();

  /**
   * What an action may lead to, in the order of Gymnasium's {@code P[state][action]}: the
   * probabilities add up to 1, and a next state may occur more than once.
   */
  List<Outcome> outcomes(int state, int action);

  /** Probability of each state to be an episode's first; they add up to 1. */
  double[] initialDistribution();

  /**
   * What a reward may depend on, of one length for all states: the state's indicator, where the
   * world says nothing else.
   */
  default double[] features(int state) {
    double[] indicator = new double[states()];
    indicator[state] = 1;
    return indicator;
  }

  /**
   * One of the things an action may lead to.
   *
   * @param terminated whether the episode ends there: its value beyond is 0
   */
  record Outcome(double probability, int next, double reward, boolean terminated) {}
}
