package io.gymbridge.learners.nn;

import io.gymbridge.core.EnvState;
import java.util.random.RandomGenerator;

/**
 * SplitMix64 (Steele, Lea and Flood 2014), the same stream as {@link java.util.SplittableRandom}'s
 * for the same seed; but its state can be saved, so that an interrupted training goes on as if
 * nothing had happened. Not thread-safe.
 */
public final class SeededRandom implements RandomGenerator {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private long state;

  public SeededRandom(long seed) {
    state = seed;
  }

  @Override
  public long nextLong() {
    state += GOLDEN_GAMMA;
    long z = (state ^ (state >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /** Saves or restores where it stands. */
  public void exchange(EnvState saved) {
    state = saved.integer(state);
  }
}
