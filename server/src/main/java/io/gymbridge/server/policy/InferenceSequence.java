package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Value;
import io.gymbridge.policies.Outcome;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * An episode whose requests come by the Open Inference Protocol: it keeps the version that it began
 * with, and its recurrent state. One request at a time is answered, in the order in which they
 * came. Thread-safe.
 */
final class InferenceSequence {
  /** Requests that may wait for those before them. */
  static final int MAX_WAITING = 256;

  private final Object id;
  private final Deque<Turn> turns = new ArrayDeque<>();
  private @Nullable Version version;
  private @Nullable Value state;
  private RequestLog.@Nullable Episode episode;
  private boolean busy;
  private boolean ended;
  private long lastUsed;

  /** A request whose turn has yet to come. */
  interface Turn {
    /** Whether an episode begins with it. */
    boolean starts();

    /** The version for the episode, held for the sequence; throws where there is none. */
    Version pick();

    /** Whether it wants another version than the sequence has. */
    boolean wantsOther(Version current);

    /**
     * Asks; whatever becomes of it, the sequence's {@link InferenceSequence#answered} is called
     * once, unless this throws.
     */
    void ask(Version version, @Nullable Value state, RequestLog.@Nullable Episode episode);

    /** The episode that begins with it, in the log; null for one that is not kept. */
    RequestLog.@Nullable Episode begin(Version version);

    /** Is told why it cannot ask. */
    void fail(RuntimeException reason);
  }

  InferenceSequence(Object id, long now) {
    this.id = id;
    this.lastUsed = now;
  }

  /** Somebody asks for it. */
  synchronized void touch(long now) {
    lastUsed = now;
  }

  /** Puts a request in its place, and asks if it is its turn. */
  void add(Turn turn, boolean last) {
    synchronized (this) {
      if (turns.size() >= MAX_WAITING) {
        throw new GymException(
            Kind.RESOURCE_EXHAUSTED,
            "%d requests of the sequence %s wait already: wait for their answers"
                .formatted(turns.size(), id));
      }
      ended |= last;
      turns.add(turn);
      if (busy) {
        return;
      }
      busy = true;
    }
    next();
  }

  /** Ends it, once all that wait have had their turns. */
  void end() {
    Version over;
    synchronized (this) {
      ended = true;
      over = busy ? null : leave();
    }
    release(over);
  }

  /** Since when nothing was asked, where nothing waits; the far future where something does. */
  synchronized long idleSince() {
    return busy ? Long.MAX_VALUE : lastUsed;
  }

  /** What became of the request that asked; a refusal leaves the state as it was. */
  void answered(Outcome outcome, long now) {
    synchronized (this) {
      lastUsed = now;
      if (outcome instanceof Outcome.Answer answer) {
        state = answer.state();
      }
    }
    next();
  }

  /** Asks until one has to wait for its answer, or none is left. */
  private void next() {
    while (true) {
      Turn turn;
      Version over = null;
      synchronized (this) {
        turn = turns.poll();
        if (turn == null) {
          busy = false;
          over = ended ? leave() : null;
        }
      }
      if (turn == null) {
        release(over);
        return;
      }
      try {
        turn.ask(version(turn), state(), episode());
        return;
      } catch (RuntimeException e) {
        turn.fail(e);
      }
    }
  }

  /** The version for a turn; only one turn is under way at a time. */
  private Version version(Turn turn) {
    Version current = current();
    if (current != null && !turn.starts() && !turn.wantsOther(current)) {
      return current;
    }
    if (current == null && !turn.starts()) {
      throw notStarted(id);
    }
    Version next = turn.pick();
    synchronized (this) {
      version = next;
      if (turn.starts() || current != next) {
        state = null;
      }
      if (turn.starts()) {
        endLogged();
        episode = turn.begin(next);
      }
    }
    release(current);
    return next;
  }

  static GymException notStarted(Object id) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "no sequence %s is under way: its first request must have the parameter sequence_start, and it may have been idle for too long"
            .formatted(id));
  }

  private synchronized @Nullable Version current() {
    return version;
  }

  private synchronized @Nullable Value state() {
    return state;
  }

  private synchronized RequestLog.@Nullable Episode episode() {
    return episode;
  }

  private void endLogged() {
    if (episode != null) {
      episode.end();
      episode = null;
    }
  }

  private @Nullable Version leave() {
    endLogged();
    Version left = version;
    version = null;
    return left;
  }

  private static void release(@Nullable Version version) {
    if (version != null) {
      version.release();
    }
  }
}
