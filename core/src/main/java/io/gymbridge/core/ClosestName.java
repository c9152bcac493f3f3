package io.gymbridge.core;

import java.util.Collection;
import java.util.Comparator;

/** What a name that is not known was probably meant to be. */
public final class ClosestName {
  /** Of longer names only so much is compared. */
  private static final int LENGTH = 100;

  private ClosestName() {}

  /** The known name, of at least one, with the least Levenshtein distance. */
  public static String of(String name, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
        .orElseThrow();
  }

  private static int distance(String name, String known) {
    int length = Math.min(name.length(), LENGTH);
    int[] row = new int[Math.min(known.length(), LENGTH) + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= length; i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int substituted = diagonal + (name.charAt(i - 1) == known.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[row.length - 1];
  }
}
