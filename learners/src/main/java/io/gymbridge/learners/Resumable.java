package io.gymbridge.learners;

/**
 * A training that can be interrupted. Another one, made from the same configuration, environment
 * and data, goes on bit for bit as the saved one. Not thread-safe.
 */
public interface Resumable {
  /** Steps of all lanes so far; more after each round than before it. */
  long steps();

  /** What is trained: the object itself, which changes. */
  PolicyNetwork policy();

  /** Everything that what is to come depends on, between two rounds. */
  byte[] save();

  /**
   * Goes on where another training was when it was {@link #save saved}.
   *
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT if the bytes are damaged, or of a
   *     training made from something else
   */
  void restore(byte[] bytes);
}
