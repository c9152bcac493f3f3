package io.gymbridge.envs;

import io.gymbridge.core.EnvState;

/**
 * NumPy's default generator, so that a seed begins an episode as it does in Gymnasium: PCG64
 * (O'Neill 2014, XSL-RR output on a 128-bit congruential generator), seeded through NumPy's
 * SeedSequence.
 *
 * <p>Not thread-safe.
 */
final class NumpyRandom {
  private static final long MULTIPLIER_HIGH = 0x2360ED051FC65DA4L;
  private static final long MULTIPLIER_LOW = 0x4385DF649FCCF645L;

  private long stateHigh;
  private long stateLow;
  private long incrementHigh;
  private long incrementLow;
  // 32 bits are drawn as halves of 64: the other half waits for the next draw of 32.
  private boolean halfWaits;
  private int waitingHalf;

  /** As {@code numpy.random.default_rng(seed)}; a negative seed counts as unsigned. */
  NumpyRandom(long seed) {
    seed(seed);
  }

  /** Begins anew, as a new generator with this seed. */
  void seed(long seed) {
    long[] words = SeedSequence.generate(seed);
    halfWaits = false;
    stateHigh = 0;
    stateLow = 0;
    incrementHigh = words[2] << 1 | words[3] >>> 63;
    incrementLow = words[3] << 1 | 1;
    advance();
    add(words[0], words[1]);
    advance();
  }

  private void add(long high, long low) {
    long sum = stateLow + low;
    stateHigh += high + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
    stateLow = sum;
  }

  /** state ← state · multiplier + increment, modulo 2^128. */
  private void advance() {
    long high =
        unsignedMultiplyHigh(stateLow, MULTIPLIER_LOW)
            + stateHigh * MULTIPLIER_LOW
            + stateLow * MULTIPLIER_HIGH;
    stateLow *= MULTIPLIER_LOW;
    stateHigh = high;
    add(incrementHigh, incrementLow);
  }

  private static long unsignedMultiplyHigh(long a, long b) {
    return Math.multiplyHigh(a, b) + ((a >> 63) & b) + ((b >> 63) & a);
  }

  long nextLong() {
    advance();
    return Long.rotateRight(stateHigh ^ stateLow, (int) (stateHigh >>> 58));
  }

  /** Uniform in [0, 1), as {@code Generator.random}. */
  double random() {
    return (nextLong() >>> 11) * 0x1p-53;
  }

  /** Uniform in [low, high), as {@code Generator.uniform} computes it. */
  double uniform(double low, double high) {
    return low + (high - low) * random();
  }

  /**
   * Uniform in {0, …, n − 1}, as {@code Generator.integers(n)} draws it, and {@code choice} of n
   * things: Lemire (2019), "Fast random integer generation in an interval".
   */
  int integers(int n) {
    long product;
    do {
      product = (nextInt() & 0xFFFF_FFFFL) * n;
    } while ((product & 0xFFFF_FFFFL) < (0x1_0000_0000L - n) % n);
    return (int) (product >>> 32);
  }

  private int nextInt() {
    if (halfWaits) {
      halfWaits = false;
      return waitingHalf;
    }
    long both = nextLong();
    halfWaits = true;
    waitingHalf = (int) (both >>> 32);
    return (int) both;
  }

  /**
   * An index drawn with these probabilities, by Gymnasium's {@code categorical_sample}: the first
   * whose cumulated probability exceeds a uniform number, or 0 where rounding leaves none.
   */
  int categorical(double... probabilities) {
    double drawn = random();
    double cumulated = 0;
    for (int i = 0; i < probabilities.length; i++) {
      cumulated += probabilities[i];
      if (cumulated > drawn) {
        return i;
      }
    }
    return 0;
  }

  /** Saves or restores where the generator is. */
  void exchange(EnvState state) {
    stateHigh = state.integer(stateHigh);
    stateLow = state.integer(stateLow);
    incrementHigh = state.integer(incrementHigh);
    incrementLow = state.integer(incrementLow);
    halfWaits = state.flag(halfWaits);
    waitingHalf = (int) state.integer(waitingHalf);
  }

  /** Spreads a seed over 256 bits: the pool of four words that NumPy hashes entropy into. */
  private static final class SeedSequence {
    private int hash = 0x43b0d7e5;

    static long[] generate(long seed) {
      int[] pool = new int[4];
      SeedSequence mixing = new SeedSequence();
      for (int i = 0; i < 4; i++) {
        pool[i] = mixing.hashed(i == 0 ? (int) seed : i == 1 ? (int) (seed >>> 32) : 0, 0x931e8875);
      }
      for (int source = 0; source < 4; source++) {
        for (int target = 0; target < 4; target++) {
          if (source != target) {
            pool[target] = mix(pool[target], mixing.hashed(pool[source], 0x931e8875));
          }
        }
      }
      SeedSequence output = new SeedSequence();
      output.hash = 0x8b51f9dd;
      long[] words = new long[4];
      for (int i = 0; i < 8; i++) {
        long word = output.hashed(pool[i % 4], 0x58f38ded) & 0xFFFF_FFFFL;
        words[i / 2] |= i % 2 == 0 ? word : word << 32;
      }
      return words;
    }

    private int hashed(int value, int multiplier) {
      int mixed = value ^ hash;
      hash *= multiplier;
      mixed *= hash;
      return mixed ^ mixed >>> 16;
    }

    private static int mix(int x, int y) {
      int mixed = x * 0xca01f9dd - y * 0x4973f715;
      return mixed ^ mixed >>> 16;
    }
  }
}
