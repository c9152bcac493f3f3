package io.gymbridge.core;

import java.util.List;

/**
 * A batch whose lanes need not all step at the same time: some step while the actions of others are
 * worked out. What EnvPool calls its asynchronous mode.
 *
 * <p>A lane has at most one step under way. While there are any, only {@link #send}, {@link #recv},
 * a {@link #reset} of all lanes, which drops them, and {@link #close} may be called. {@link #step}
 * is a send of all lanes and a receipt of all.
 */
public interface AsyncVectorEnv extends VectorEnv {

  /**
   * The lanes of each process that the environments live in, in their order. A process steps its
   * lanes one after another, and answers once for all that were sent at once: sending a process's
   * lanes together, as soon as they are received, keeps all processes busy.
   */
  List<int[]> processes();

  /**
   * Has lanes take an action each, and does not wait for it. The others stay where they are.
   *
   * @param actions a batch of as many members of the action space as there are lanes named; under
   *     NEXT_STEP those of lanes about to reset are ignored
   * @param envIds lanes, each once; none for all
   * @throws GymException FAILED_PRECONDITION for a lane that has a step under way, or wants a
   *     reset; INVALID_ARGUMENT for actions that are none; UNIMPLEMENTED for some lanes of a
   *     process whose server steps all of them or none. Nothing is sent then
   */
  void send(Value actions, int... envIds);

  /**
   * What came of steps that were sent, once it is of {@code minimum} lanes. It may be of more:
   * lanes that were sent at once may arrive at once. The order is that of arrival.
   *
   * @param minimum at least 1, at most {@link #underWay}
   * @throws GymException FAILED_PRECONDITION where fewer are under way; what the environments
   *     throw: then the lanes that it was about are no longer under way, and the others' steps are
   *     for the next call
   */
  Received recv(int minimum);

  /** Number of lanes that were sent and not received. */
  int underWay();

  /**
   * A step of some lanes.
   *
   * @param envIds the lanes
   * @param step row i of everything in it is of lane {@code envIds[i]}
   */
  record Received(int[] envIds, Step step) {}
}
