package io.gymbridge.server.policy;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActStreamRequest;
import io.gymbridge.proto.v1.ActStreamResponse;
import io.gymbridge.server.Failures;
import io.gymbridge.transport.Statuses;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One caller's control loops: one request at a time, the next one is taken when the one before is
 * answered. Requests come from one thread at a time, answers from another, perhaps.
 */
final class ActStream implements StreamObserver<ActStreamRequest> {
  private static final Logger log = LoggerFactory.getLogger(ActStream.class);

  private final Acting acting;
  private final ServerCallStreamObserver<ActStreamResponse> answers;
  private final Context context = Context.current();
  private @Nullable Episodes episodes;
  private long last;
  private boolean busy;
  private boolean halfClosed;
  private boolean over;

  ActStream(Acting acting, ServerCallStreamObserver<ActStreamResponse> answers) {
    this.acting = acting;
    this.answers = answers;
    answers.disableAutoRequest();
    answers.setOnCancelHandler(this::cancelled);
    answers.request(1);
  }

  @Override
  public void onNext(ActStreamRequest request) {
    synchronized (this) {
      busy = true;
    }
    long sequence = request.getSequence();
    try {
      if (sequence != last + 1) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "got sequence number %s, expected %d"
                .formatted(Long.toUnsignedString(sequence), last + 1));
      }
      last++;
      ActRequest act = request.getAct();
      if (acting.draining() && begins(act)) {
        leave();
        return;
      }
      acting.act(
          act,
          episodes(act),
          context,
          (response, why) -> {
            ActStreamResponse.Builder answer = ActStreamResponse.newBuilder().setSequence(sequence);
            if (why != null) {
              Failures.log(log, why);
              answer.setError(Statuses.encode(why));
            } else if (response != null) {
              answer.setActed(response);
            }
            answered(answer.build());
          });
    } catch (RuntimeException e) {
      Failures.log(log, e);
      answered(
          ActStreamResponse.newBuilder()
              .setSequence(sequence)
              .setError(Statuses.encode(e))
              .build());
    }
  }

  /** Whether an episode begins with a request, as far as can be seen before it is read. */
  private boolean begins(ActRequest request) {
    ByteString starts = request.getEpisodeStarts();
    for (int i = 0; i < starts.size(); i++) {
      if (starts.byteAt(i) != 0) {
        return true;
      }
    }
    return episodes == null;
  }

  /** Between two episodes, where nothing is lost. */
  private void leave() {
    end();
    if (!answers.isCancelled()) {
      answers.onError(
          Statuses.toException(
              new GymException(
                  Kind.UNAVAILABLE,
                  "the server is being stopped and begins no more episodes: connect anew, or elsewhere")));
    }
  }

  /** The episodes that a request is about: those of before, or new ones. */
  private Episodes episodes(ActRequest request) {
    Shelf shelf = acting.catalogue().find(request.getPolicy());
    int n = ActCodec.size(request);
    ByteString starts = request.getEpisodeStarts();
    if (!starts.isEmpty() && starts.size() != n) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got %d bytes of episode_starts, expected one for each of %d rows, or none"
              .formatted(starts.size(), n));
    }
    Episodes current = episodes;
    if (current == null || current.size() != n || current.shelf() != shelf) {
      fits(request, shelf, n);
      Episodes fresh = acting.episodes(shelf, n);
      try {
        fresh.start(starts, request.getVersion());
      } catch (RuntimeException e) {
        fresh.end();
        throw e;
      }
      if (current != null) {
        current.end();
      }
      episodes = fresh;
      return fresh;
    }
    current.start(starts, request.getVersion());
    return current;
  }

  /**
   * Refuses a number of rows that the observations do not have, before memory is taken for them.
   */
  private static void fits(ActRequest request, Shelf shelf, int n) {
    Version any = shelf.pick(request.getVersion().isEmpty() ? mainOf(shelf) : request.getVersion());
    try {
      any.observations().decode(request.getObservations(), n, "observations");
    } finally {
      any.release();
    }
  }

  /** By its name, so that it is not counted among those that the canary has a share of. */
  private static String mainOf(Shelf shelf) {
    Version main = shelf.main();
    return main == null ? "" : main.name();
  }

  private void answered(ActStreamResponse answer) {
    boolean complete;
    synchronized (this) {
      busy = false;
      complete = halfClosed;
    }
    if (answers.isCancelled()) {
      end();
      return;
    }
    answers.onNext(answer);
    if (complete) {
      end();
      answers.onCompleted();
    } else {
      answers.request(1);
    }
  }

  private void cancelled() {
    boolean idle;
    synchronized (this) {
      idle = !busy;
    }
    if (idle) {
      end();
    }
  }

  /** Lets go of the versions; once. */
  private synchronized void end() {
    if (!over) {
      over = true;
      if (episodes != null) {
        episodes.end();
      }
    }
  }

  @Override
  public void onError(@Nullable Throwable failure) {
    cancelled();
  }

  @Override
  public void onCompleted() {
    boolean idle;
    synchronized (this) {
      halfClosed = true;
      idle = !busy;
    }
    if (idle && !answers.isCancelled()) {
      end();
      answers.onCompleted();
    }
  }
}
