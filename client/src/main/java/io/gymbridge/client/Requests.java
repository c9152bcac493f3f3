package io.gymbridge.client;

import io.grpc.Status;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A shard's requests in order, from when the caller gives one until he takes its answer: first some
 * that were sent and may be answered, then those that have no number yet, since the window was
 * full. For whoever holds the stream's lock, but for {@link #answer} and {@link #isBusy}.
 */
final class Requests {
  /** One that was sent. */
  private static final class Sent {
    private final InteractRequest request;
    private final long at = System.nanoTime();
    private @Nullable InteractResponse answer;
    private long answeredAt;

    Sent(InteractRequest request) {
      this.request = request;
    }
  }

  private final Deque<Sent> sent = new ArrayDeque<>();
  private final Deque<InteractRequest.Builder> unsent = new ArrayDeque<>();
  private @Nullable InteractRequest next;
  private long sequence;
  private int unanswered;
  private volatile boolean busy;
  private volatile @Nullable InteractResponse answer;

  /** The oldest one's answer; null while it has none. From any thread. */
  @Nullable InteractResponse answer() {
    return answer;
  }

  /** The highest number that was given. */
  long sequence() {
    return sequence;
  }

  /** Whether the server has some that it has not answered. From any thread. */
  boolean isBusy() {
    return busy;
  }

  private void setUnanswered(int count) {
    unanswered = count;
    busy = count > 0;
  }

  /** Whether no answer is still to come. */
  boolean allAnswered() {
    return unanswered == 0;
  }

  /** Puts a request behind all others. */
  void add(InteractRequest.Builder request) {
    unsent.add(request);
  }

  /**
   * The next one to be sent, with its number; null where there is none, or not just now.
   *
   * @param window how many the server may have answered, or be asked, without an acknowledgement
   */
  @Nullable InteractRequest next(int window) {
    if (next == null && unanswered < window && !unsent.isEmpty()) {
      next = unsent.remove().setSequence(sequence + 1).setAcknowledged(acknowledged()).build();
    }
    return next;
  }

  private long acknowledged() {
    for (Sent each : sent) {
      if (each.answer == null) {
        return each.request.getSequence() - 1;
      }
    }
    return sequence;
  }

  /** {@link #next} is on its way. */
  void sent(InteractRequest request) {
    sent.add(new Sent(request));
    sequence = request.getSequence();
    setUnanswered(unanswered + 1);
    next = null;
  }

  /** Takes an answer; false for what was answered before, or never asked, or has to be again. */
  boolean answered(InteractResponse response) {
    boolean inOrder = true;
    for (Sent each : sent) {
      if (each.request.getSequence() == response.getSequence() && each.answer == null) {
        if (!inOrder && isGap(response)) {
          return false;
        }
        each.answer = response;
        each.answeredAt = System.nanoTime();
        setUnanswered(unanswered - 1);
        answer = sent.getFirst().answer;
        return true;
      }
      inOrder &= each.answer != null;
    }
    return false;
  }

  /** Whether it may be that an earlier request was lost, and this one was not executed. */
  private static boolean isGap(InteractResponse response) {
    return response.getError().getCode() == Status.Code.FAILED_PRECONDITION.value();
  }

  /** Those that were sent and have no answer. */
  InteractRequest[] unanswered() {
    return sent.stream()
        .filter(each -> each.answer == null)
        .map(each -> each.request)
        .toArray(InteractRequest[]::new);
  }

  /** Hands out the oldest one's answer; null while it has none. */
  @Nullable InteractResponse take(RequestTimes times) {
    InteractResponse taken = answer;
    if (taken != null) {
      Sent first = sent.remove();
      times.add(
          first.request.getRequestCase(),
          first.answeredAt - first.at,
          first.request.getSerializedSize(),
          taken);
      answer = sent.isEmpty() ? null : sent.getFirst().answer;
    }
    return taken;
  }

  /** Numbers begin anew, and what has no answer will not get one. */
  void restart() {
    while (!sent.isEmpty() && unanswered > 0) {
      setUnanswered(unanswered - (sent.removeLast().answer == null ? 1 : 0));
    }
    unsent.clear();
    next = null;
    sequence = 0;
    answer = sent.isEmpty() ? null : sent.getFirst().answer;
  }

  /** Forgets all of them. */
  void clear() {
    sent.clear();
    unsent.clear();
    next = null;
    setUnanswered(0);
    answer = null;
  }
}
