package io.gymbridge.server;

import io.grpc.Status;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.AttachRequest;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.OpenSessionResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** All sessions of a server. Thread-safe. */
final class Sessions {
  private final Map<String, ServedEnvironment> offered;
  private final ServeOptions options;
  private final LongSupplier nanoTime;
  private final Tokens tokens = new Tokens();
  private final Map<String, Session> open = new LinkedHashMap<>();
  private final Map<String, Session> byNonce = new LinkedHashMap<>();
  private boolean stopped;

  /**
   * None yet.
   *
   * @param nanoTime the clock of leases and time limits
   */
  Sessions(Map<String, ServedEnvironment> offered, ServeOptions options, LongSupplier nanoTime) {
    this.offered = offered;
    this.options = options;
    this.nanoTime = nanoTime;
  }

  /**
   * Opens a session, or finds the one that was opened with the same nonce.
   *
   * @return completed when its environments are made
   * @throws GymException as the comments of OpenSession have it
   */
  CompletableFuture<OpenSessionResponse> open(OpenSessionRequest request) {
    Opening opening = Opening.check(request, offered, options);
    String nonce = request.getNonce();
    Session session = new Session(opening, tokens, nanoTime);
    CompletableFuture<OpenSessionResponse> described = session.describe();
    synchronized (this) {
      if (stopped) {
        throw new GymException(Kind.UNAVAILABLE, "the server is being stopped");
      }
      Session known = nonce.isEmpty() ? null : byNonce.get(nonce);
      if (known != null) {
        return known.describe();
      }
      if (open.size() >= options.maxSessions()) {
        throw new GymException(
            Kind.RESOURCE_EXHAUSTED,
            "all %d sessions are in use; close one, or start the server with a larger --max-sessions"
                .formatted(options.maxSessions()));
      }
      open.put(session.id(), session);
      if (!nonce.isEmpty()) {
        byNonce.put(nonce, session);
      }
      session.open();
    }
    var unused = session.ended().thenRun(() -> forget(session, nonce));
    return described;
  }

  private synchronized void forget(Session session, String nonce) {
    open.remove(session.id());
    byNonce.remove(nonce, session);
  }

  /** A session as it is once all its environments are there. */
  CompletableFuture<OpenSessionResponse> describe(String id) {
    Session session = find(id);
    return session == null ? CompletableFuture.failedFuture(Session.gone()) : session.describe();
  }

  /** Closes a session; an unknown one has been closed before. */
  CompletableFuture<@Nullable Void> close(String id) {
    Session session = find(id);
    if (session == null) {
      return CompletableFuture.completedFuture(null);
    }
    session.end(null, Session.gone());
    return session.ended();
  }

  private synchronized @Nullable Session find(String id) {
    return open.get(id);
  }

  /** The shard that a stream wants to attach to; NOT_FOUND where there is none. */
  Shard shard(AttachRequest request) {
    Shard shard = tokens.find(request.getToken());
    if (shard == null) {
      throw Shard.gone();
    }
    return shard;
  }

  /** Looks after what time brings, in every session. */
  void reap() {
    all().forEach(Session::reap);
  }

  private synchronized List<Session> all() {
    return new ArrayList<>(open.values());
  }

  /** Ends all sessions, with so much time for the requests under way; no more are opened. */
  void stop(Duration grace) {
    synchronized (this) {
      stopped = true;
    }
    List<Session> last = all();
    String why = "the server was stopped";
    last.forEach(
        session ->
            session.end(
                Status.UNAVAILABLE.withDescription(why), new GymException(Kind.UNAVAILABLE, why)));
    CompletableFuture<?>[] ends =
        last.stream().map(Session::ended).toArray(CompletableFuture[]::new);
    try {
      CompletableFuture.allOf(ends).get(grace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      last.forEach(Session::giveUp);
    } catch (InterruptedException e) {
      last.forEach(Session::giveUp);
      Thread.currentThread().interrupt();
    }
  }
}
