package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.inference.InferParameter;
import io.gymbridge.proto.inference.ModelInferRequest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The sequences that are under way, by model and id: so many at most, and none that nobody has
 * asked for a while. Thread-safe.
 */
final class InferenceSequences implements AutoCloseable {
  static final int LIMIT = 4096;
  static final long IDLE_NANOS = 60_000_000_000L;

  private final int limit;
  private final long idleNanos;
  private final LongSupplier clock;

  /** Those asked the longest ago first. */
  private final LinkedHashMap<Key, InferenceSequence> sequences =
      new LinkedHashMap<>(16, 0.75f, true);

  /**
   * Which sequence.
   *
   * @param id a Long or a String
   */
  record Key(String model, Object id) {}

  /**
   * What a request says of its sequence.
   *
   * @param id a Long or a String
   */
  record Place(Object id, boolean start, boolean end) {
    /**
     * The place of a request; null for one that belongs to no sequence, as one with the id 0 or "".
     *
     * @throws GymException INVALID_ARGUMENT for parameters of another kind than theirs
     */
    static @Nullable Place of(ModelInferRequest request) {
      if (request.getParametersCount() == 0) {
        return null;
      }
      Map<String, InferParameter> parameters = request.getParametersMap();
      InferParameter id = parameters.get("sequence_id");
      if (id == null) {
        return null;
      }
      Object key =
          switch (id.getParameterChoiceCase()) {
            case INT64_PARAM -> id.getInt64Param();
            case UINT64_PARAM -> id.getUint64Param();
            case STRING_PARAM -> id.getStringParam();
            default ->
                throw InferenceWishes.wrong(
                    "sequence_id", id, "an int64_param, a uint64_param or a string_param");
          };
      if (key.equals(0L) || key.equals("")) {
        return null;
      }
      return new Place(
          key,
          InferenceWishes.flag(parameters, "sequence_start", false),
          InferenceWishes.flag(parameters, "sequence_end", false));
    }
  }

  /**
   * Sequences.
   *
   * @param limit of those under way at the same time
   * @param idleNanos how long one lives without a request
   * @param clock nanoseconds from whenever
   */
  InferenceSequences(int limit, long idleNanos, LongSupplier clock) {
    this.limit = limit;
    this.idleNanos = idleNanos;
    this.clock = clock;
  }

  long now() {
    return clock.getAsLong();
  }

  /**
   * The sequence of a request: a new one where it starts one. A sequence that ends with this
   * request is not found by later ones.
   *
   * @throws GymException INVALID_ARGUMENT for one that is not under way; RESOURCE_EXHAUSTED where
   *     there are too many
   */
  InferenceSequence find(String model, Place place) {
    List<InferenceSequence> expired;
    InferenceSequence found;
    synchronized (this) {
      expired = removeIdle();
      Key key = new Key(model, place.id());
      found = sequences.get(key);
      if (found == null && place.start() && sequences.size() < limit) {
        found = new InferenceSequence(place.id(), now());
        sequences.put(key, found);
      }
      if (found != null) {
        found.touch(now());
      }
      if (place.end()) {
        sequences.remove(key);
      }
    }
    expired.forEach(InferenceSequence::end);
    if (found != null) {
      return found;
    }
    throw place.start()
        ? new GymException(
            Kind.RESOURCE_EXHAUSTED,
            "%d sequences are under way, which is the most that may be: end some by the parameter sequence_end, or come back later"
                .formatted(limit))
        : InferenceSequence.notStarted(place.id());
  }

  /** Ends those that have been idle for too long. */
  void expire() {
    List<InferenceSequence> expired;
    synchronized (this) {
      expired = removeIdle();
    }
    expired.forEach(InferenceSequence::end);
  }

  private List<InferenceSequence> removeIdle() {
    List<InferenceSequence> idle = new ArrayList<>();
    long now = now();
    Iterator<InferenceSequence> oldestFirst = sequences.values().iterator();
    while (oldestFirst.hasNext()) {
      InferenceSequence sequence = oldestFirst.next();
      long since = sequence.idleSince();
      if (since != Long.MAX_VALUE && now - since < idleNanos) {
        break;
      }
      if (since != Long.MAX_VALUE) {
        oldestFirst.remove();
        idle.add(sequence);
      }
    }
    return idle;
  }

  /** How many are under way. */
  synchronized int size() {
    return sequences.size();
  }

  /** Ends all. */
  @Override
  public void close() {
    List<InferenceSequence> all;
    synchronized (this) {
      all = List.copyOf(sequences.values());
      sequences.clear();
    }
    all.forEach(InferenceSequence::end);
  }
}
