package io.gymbridge.server.policy;

import com.google.protobuf.ByteString;
import io.gymbridge.core.Value;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The episodes of a stream's rows: each keeps the version that it began with, and its recurrent
 * state. Used by one thread at a time.
 */
final class Episodes {
  private final Shelf shelf;
  private final @Nullable Version[] versions;
  private final @Nullable Value[] states;
  private final RequestLog log;
  private final RequestLog.@Nullable Episode[] logged;

  /** Episodes that have not begun. */
  Episodes(Shelf shelf, int n, RequestLog log) {
    this.shelf = shelf;
    this.log = log;
    this.logged = new RequestLog.Episode[n];
    this.versions = new Version[n];
    this.states = new Value[n];
  }

  Shelf shelf() {
    return shelf;
  }

  int size() {
    return versions.length;
  }

  /**
   * Begins the episodes that begin, and those that were asked to go on with another version.
   *
   * @param starts a byte for each row, not 0 where an episode begins; or empty for none
   * @param wanted a version or a label; empty for none in particular
   * @throws io.gymbridge.core.GymException NOT_FOUND where there is no such version
   */
  void start(ByteString starts, String wanted) {
    for (int row = 0; row < versions.length; row++) {
      Version version = versions[row];
      boolean begins = version == null || (!starts.isEmpty() && starts.byteAt(row) != 0);
      if (begins) {
        Version next = shelf.pick(wanted);
        if (version != null) {
          version.release();
        }
        versions[row] = next;
        states[row] = null;
        endLogged(row);
        logged[row] =
            log.begin(shelf.name(), next.actor().observationSpace(), next.actor().actionSpace());
      } else if (!wanted.isEmpty()) {
        Version next = shelf.pick(wanted);
        version.release();
        versions[row] = next;
        states[row] = next == version ? states[row] : null;
      }
    }
  }

  /** The rows that one version answers. */
  record Part(Version version, int[] rows) {}

  /** All rows by their versions; where it is one version, one part with all rows in order. */
  List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    boolean[] done = new boolean[versions.length];
    for (int row = 0; row < versions.length; row++) {
      if (!done[row]) {
        Version version = version(row);
        int[] rows = new int[versions.length];
        int count = 0;
        for (int other = row; other < versions.length; other++) {
          if (versions[other] == version) {
            rows[count++] = other;
            done[other] = true;
          }
        }
        parts.add(new Part(version, Arrays.copyOf(rows, count)));
      }
    }
    return parts;
  }

  /** The version of a row whose episode has begun. */
  Version version(int row) {
    return java.util.Objects.requireNonNull(versions[row]);
  }

  /** The recurrent states of these rows as a batch; null where all are zero, or there is none. */
  @Nullable Value states(Part part) {
    if (part.version().states() == null) {
      return null;
    }
    List<Value> rows = new ArrayList<>();
    boolean kept = false;
    for (int row : part.rows()) {
      Value state = states[row];
      kept |= state != null;
      rows.add(state == null ? Zeros.of(part.version().actor().stateSpace()) : state);
    }
    return kept ? Value.stack(rows) : null;
  }

  /** Keeps the states that an answer left. */
  void keep(Part part, @Nullable Value after) {
    if (after != null) {
      for (int i = 0; i < part.rows().length; i++) {
        states[part.rows()[i]] = after.row(i);
      }
    }
  }

  /** Whether somebody wants to know of one of these rows. */
  boolean logged(Part part) {
    for (int row : part.rows()) {
      if (logged[row] != null) {
        return true;
      }
    }
    return false;
  }

  /** Tells the log of an answer to a part's question. */
  void log(Part part, Question question, Outcome.Answer answer) {
    if (!logged(part)) {
      return;
    }
    Value actions = Clip.into(part.version().actor().actionSpace(), answer.actions());
    double[] logProbabilities = answer.logProbabilities();
    for (int i = 0; i < part.rows().length; i++) {
      RequestLog.Episode episode = logged[part.rows()[i]];
      if (episode != null) {
        episode.acted(
            part.version().name(),
            question.observations(),
            actions,
            i,
            logProbabilities == null ? Double.NaN : logProbabilities[i]);
      }
    }
  }

  private void endLogged(int row) {
    RequestLog.Episode episode = logged[row];
    if (episode != null) {
      episode.end();
      logged[row] = null;
    }
  }

  /** Lets go of all versions. */
  void end() {
    for (int row = 0; row < versions.length; row++) {
      endLogged(row);
      Version version = versions[row];
      if (version != null) {
        version.release();
        versions[row] = null;
      }
    }
  }
}
