package io.gymbridge.core;

import io.gymbridge.core.GymException.Kind;

/**
 * An environment whose whole state can be saved and put back: what it does afterwards is, bit for
 * bit, what it did after the save. For checkpoints and for planning by look-ahead.
 *
 * <p>Wrappers implement it by handing on to what they wrap (see {@link EnvState#inner}); whether
 * that can save, {@link #saveState} finds out.
 */
public interface StatefulEnv extends Env {

  /**
   * Everything that later steps and resets depend on, generator included, but nothing of how the
   * environment was made. Made by {@link EnvState}.
   *
   * @throws GymException UNIMPLEMENTED where what is wrapped cannot save its state
   */
  byte[] saveState();

  /**
   * Goes back to a saved state.
   *
   * @param state from {@link #saveState} of an environment made in the same way: same id, same
   *     keyword arguments, same wrappers
   * @throws GymException INVALID_ARGUMENT if the bytes are damaged, or from another environment or
   *     version; this one then is as before
   */
  void restoreState(byte[] state);

  /**
   * The environment as one that saves.
   *
   * @throws GymException UNIMPLEMENTED where it does not
   */
  static StatefulEnv of(Env env) {
    if (env instanceof StatefulEnv stateful) {
      return stateful;
    }
    throw new GymException(
        Kind.UNIMPLEMENTED,
        env.spec().id()
            + " cannot save its state: "
            + env.getClass().getSimpleName()
            + " does not implement StatefulEnv");
  }
}
