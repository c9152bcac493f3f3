package io.gymbridge.core.wrappers;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Returns, lengths and durations of the last few episodes. */
final class EpisodeStatistics {
  private final int capacity;
  private final String key;
  private final Deque<Double> returns = new ArrayDeque<>();
  private final Deque<Long> lengths = new ArrayDeque<>();
  private final Deque<Double> times = new ArrayDeque<>();
  private long count;

  EpisodeStatistics(int capacity, String key) {
    if (capacity < 0) {
      throw new IllegalArgumentException("bufferLength must be at least 0, got " + capacity);
    }
    this.capacity = capacity;
    this.key = key;
  }

  void add(double episodeReturn, long length, double seconds) {
    count++;
    add(returns, episodeReturn);
    add(lengths, length);
    add(times, seconds);
  }

  private <T> void add(Deque<T> queue, T value) {
    queue.add(value);
    if (queue.size() > capacity) {
      queue.remove();
    }
  }

  /** Seconds between two readings of the clock, to the microsecond. */
  static double seconds(long startNanos, long endNanos) {
    return Math.rint((endNanos - startNanos) / 1e3) / 1e6;
  }

  void checkFree(Map<String, Object> info) {
    if (info.containsKey(key) || info.containsKey("_" + key)) {
      throw new GymException(
          Kind.FAILED_PRECONDITION,
          "the info has a \"%s\" already: give the statistics another key".formatted(key));
    }
  }

  String key() {
    return key;
  }

  long count() {
    return count;
  }

  List<Double> returns() {
    return List.copyOf(returns);
  }

  List<Long> lengths() {
    return List.copyOf(lengths);
  }

  List<Double> times() {
    return List.copyOf(times);
  }

  void exchange(EnvState state) {
    count = state.integer(count);
    int size = state.integer(returns.size(), 0, capacity);
    exchange(returns, size, state::real, 0.0);
    exchange(lengths, size, state::integer, 0L);
    exchange(times, size, state::real, 0.0);
  }

  private static <T> void exchange(Deque<T> queue, int size, UnaryOperator<T> field, T none) {
    Iterator<T> present = List.copyOf(queue).iterator();
    queue.clear();
    for (int i = 0; i < size; i++) {
      queue.add(field.apply(present.hasNext() ? present.next() : none));
    }
  }
}
