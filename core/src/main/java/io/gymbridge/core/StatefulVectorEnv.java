package io.gymbridge.core;

import io.gymbridge.core.GymException.Kind;

/**
 * A batch whose lanes' whole states can be saved and put back: what they do afterwards is, bit for
 * bit, what they did after the save. For checkpoints and for planning by look-ahead.
 *
 * <p>What the lanes of a wrapper share, such as running statistics, is in each lane's state, and
 * comes back with the last lane that is restored: to go on as before, save and restore all lanes
 * together. Whether what is wrapped can save, {@link #saveStates} finds out.
 */
public interface StatefulVectorEnv extends VectorEnv {

  /**
   * Everything that the lanes' later steps and resets depend on, generators included, but nothing
   * of how they were made.
   *
   * @param lanes which lanes; none for all
   * @return one state per lane asked for, in that order; data, never code
   * @throws GymException UNIMPLEMENTED where an environment holds something that cannot be saved
   */
  byte[][] saveStates(int... lanes);

  /**
   * Puts lanes back into saved states, be they their own or another lane's or batch's.
   *
   * @param states one per lane, from {@link #saveStates} of an environment made in the same way
   * @param lanes which lanes, each once; none for all
   * @return a batch of N observations; those of restored lanes as they last were when their state
   *     was saved
   * @throws GymException INVALID_ARGUMENT for a state that is damaged or of another environment; no
   *     lane has changed then
   */
  Value restoreStates(byte[][] states, int... lanes);

  /**
   * The batch as one that saves.
   *
   * @throws GymException UNIMPLEMENTED where it does not
   */
  static StatefulVectorEnv of(VectorEnv env) {
    if (env instanceof StatefulVectorEnv stateful) {
      return stateful;
    }
    throw new GymException(
        Kind.UNIMPLEMENTED,
        "%s cannot save its lanes: %s does not implement StatefulVectorEnv"
            .formatted(env.spec().id(), env.getClass().getSimpleName()));
  }
}
