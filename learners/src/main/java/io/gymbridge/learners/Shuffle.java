package io.gymbridge.learners;

import java.util.random.RandomGenerator;

/** Puts numbers into a random order. */
final class Shuffle {
  private Shuffle() {}

  /** In place, each order as likely as any other (Fisher and Yates). */
  static void apply(int[] numbers, RandomGenerator random) {
    for (int i = numbers.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int swapped = numbers[i];
      numbers[i] = numbers[other];
      numbers[other] = swapped;
    }
  }
}
