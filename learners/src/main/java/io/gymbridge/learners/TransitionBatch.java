package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import java.util.Arrays;

/**
 * Transitions as a discriminator sees them: rows of encoded observations, of actions in the
 * distribution's units, and of the observations after them. May hold more rows than count.
 */
final class TransitionBatch {
  final int width;
  final int actionSize;
  final float[] observations;
  final float[] actions;
  final float[] nextObservations;

  /** Of each row: whether the task's own end was reached, so that nothing lies beyond. */
  final boolean[] terminated;

  /** Of each row: whether it stands for the state after the end, in which nothing ever changes. */
  final boolean[] absorbing;

  TransitionBatch(int capacity, int width, int actionSize) {
    this.width = width;
    this.actionSize = actionSize;
    observations = new float[Math.multiplyExact(capacity, width)];
    actions = new float[Math.multiplyExact(capacity, actionSize)];
    nextObservations = new float[capacity * width];
    terminated = new boolean[capacity];
    absorbing = new boolean[capacity];
  }

  int capacity() {
    return terminated.length;
  }

  /** Copies a row of another batch. */
  void set(int row, TransitionBatch from, int source) {
    System.arraycopy(from.observations, source * width, observations, row * width, width);
    System.arraycopy(from.actions, source * actionSize, actions, row * actionSize, actionSize);
    System.arraycopy(from.nextObservations, source * width, nextObservations, row * width, width);
    terminated[row] = from.terminated[source];
    absorbing[row] = from.absorbing[source];
  }

  /** Copies a row of a rollout. */
  void set(int row, Rollout from, int source) {
    System.arraycopy(from.observations, source * width, observations, row * width, width);
    System.arraycopy(from.executed, source * actionSize, actions, row * actionSize, actionSize);
    System.arraycopy(from.nextObservations, source * width, nextObservations, row * width, width);
    terminated[row] = from.terminated[source];
    absorbing[row] = false;
  }

  /** Makes a row the absorbing state's: all zeros, and after it nothing else. */
  void setAbsorbing(int row) {
    Arrays.fill(observations, row * width, (row + 1) * width, 0);
    Arrays.fill(actions, row * actionSize, (row + 1) * actionSize, 0);
    Arrays.fill(nextObservations, row * width, (row + 1) * width, 0);
    terminated[row] = false;
    absorbing[row] = true;
  }

  /** Saves or restores all rows. */
  void exchange(EnvState saved) {
    saved.floats(observations);
    saved.floats(actions);
    saved.floats(nextObservations);
    saved.flags(terminated);
    saved.flags(absorbing);
  }
}
