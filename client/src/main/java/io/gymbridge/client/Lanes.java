package io.gymbridge.client;

/**
 * Some lanes of a session that live in one process.
 *
 * @param first index of the first one
 * @param count at least 1
 */
record Lanes(int first, int count) {
  boolean has(int lane) {
    return lane >= first && lane < first + count;
  }

  /** "lane 3" or "lanes 0–7". */
  @Override
  public String toString() {
    return count == 1 ? "lane " + first : "lanes " + first + "–" + (first + count - 1);
  }
}
