package io.gymbridge.server;

import io.grpc.Status;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.EnvironmentSpec;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.transport.SpecCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A batch of environments, made of shards that begin and end together. A shard whose request takes
 * longer than allowed is given up, and another one with new environments takes its place.
 * Thread-safe.
 */
final class Session {
  private static final Logger log = LoggerFactory.getLogger(Session.class);

  /** How long the request under way may still take when its session ends. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final String id;
  private final Opening opening;
  private final Tokens tokens;
  private final LongSupplier nanoTime;
  private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
  private final Shard[] shards;
  private final boolean[] made;
  private CompletableFuture<OpenSessionResponse> described = new CompletableFuture<>();
  private @Nullable EnvironmentSpec spec;
  private boolean ending;
  private long endingSince;

  /** Begins to make the environments; {@link #describe} waits for them. */
  Session(Opening opening, Tokens tokens, LongSupplier nanoTime) {
    this.id = tokens.random();
    this.opening = opening;
    this.tokens = tokens;
    this.nanoTime = nanoTime;
    shards = new Shard[opening.shards()];
    made = new boolean[shards.length];
    synchronized (this) {
      for (int place = 0; place < shards.length; place++) {
        make(place, 0, "");
      }
    }
  }

  String id() {
    return id;
  }

  /**
   * What is to be told of the session, once all its environments are made. Fails where they cannot
   * be made, or the session has ended.
   */
  synchronized CompletableFuture<OpenSessionResponse> describe() {
    return described;
  }

  /** Completed when the session has ended and its environments are closed. */
  CompletableFuture<@Nullable Void> ended() {
    return ended;
  }

  private void make(int place, int generation, String loss) {
    String token = tokens.random();
    Shard shard =
        new Shard(
            token,
            "gymbridge " + opening.environment().id() + " shard " + place,
            generation,
            loss,
            () -> end(null),
            nanoTime);
    shards[place] = shard;
    made[place] = false;
    tokens.put(token, shard);
    shard
        .open(() -> opening.make(place), opening.renderMode(), opening.environment().brief())
        .whenComplete(
            (madeSpec, failure) -> {
              if (madeSpec != null) {
                finish(place, shard, SpecCodec.encode(madeSpec));
              } else if (failure != null) {
                fail(shard, failure);
              }
            });
  }

  private synchronized void finish(int place, Shard shard, EnvironmentSpec madeSpec) {
    if (shards[place] != shard || ending) {
      return;
    }
    spec = madeSpec;
    made[place] = true;
    for (boolean each : made) {
      if (!each) {
        return;
      }
    }
    described.complete(describe(spec));
  }

  private OpenSessionResponse describe(EnvironmentSpec spec) {
    OpenSessionResponse.Builder response =
        OpenSessionResponse.newBuilder()
            .setSessionId(id)
            .setSpec(
                spec.toBuilder()
                    .setEnvId(opening.environment().id())
                    .setRenderMode(opening.renderMode()))
            .setNumEnvs(opening.numEnvs())
            .setAutoresetMode(encode(opening.autoresetMode()))
            .setServerVersion(Endpoint.VERSION)
            .setLeaseSeconds(opening.leaseNanos() / 1e9);
    for (int place = 0; place < shards.length; place++) {
      response.addShards(
          io.gymbridge.proto.v1.Shard.newBuilder()
              .setToken(shards[place].token())
              .setFirstLane(opening.firstLane(place))
              .setNumEnvs(opening.numEnvs(place))
              .setGeneration(shards[place].generation())
              .setLoss(shards[place].loss()));
    }
    return response.build();
  }

  private static io.gymbridge.proto.v1.AutoresetMode encode(AutoresetMode mode) {
    return switch (mode) {
      case NEXT_STEP -> io.gymbridge.proto.v1.AutoresetMode.AUTORESET_MODE_NEXT_STEP;
      case SAME_STEP -> io.gymbridge.proto.v1.AutoresetMode.AUTORESET_MODE_SAME_STEP;
      case DISABLED -> io.gymbridge.proto.v1.AutoresetMode.AUTORESET_MODE_DISABLED;
    };
  }

  /** The environments of a shard cannot be made: the session ends, and whoever waits hears why. */
  private void fail(Shard shard, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException wrapped && wrapped.getCause() != null
            ? wrapped.getCause()
            : failure;
    Throwable told =
        shard.generation() == 0
            ? cause
            : new GymException(
                Kind.UNAVAILABLE,
                "%s, and its lanes could not be made anew: %s"
                    .formatted(shard.loss(), cause.getMessage()));
    CompletableFuture<OpenSessionResponse> waiting = describe();
    end(Status.UNAVAILABLE.withDescription(told.getMessage()))
        .whenComplete((done, none) -> waiting.completeExceptionally(told));
  }

  /**
   * Ends the session, once the requests under way are done.
   *
   * @param failure what its streams end with; null for OK
   * @return completed when its environments are closed, or given up
   */
  CompletableFuture<@Nullable Void> end(@Nullable Status failure) {
    List<CompletableFuture<@Nullable Void>> releases = new ArrayList<>();
    CompletableFuture<OpenSessionResponse> waiting;
    synchronized (this) {
      if (ending) {
        return ended;
      }
      ending = true;
      endingSince = nanoTime.getAsLong();
      waiting = described;
      described = CompletableFuture.failedFuture(gone());
      for (Shard shard : shards) {
        tokens.remove(shard.token());
        releases.add(shard.release());
      }
    }
    CompletableFuture.allOf(releases.toArray(CompletableFuture[]::new))
        .whenComplete(
            (done, none) -> {
              for (Shard shard : shards) {
                shard.endStream(failure);
              }
              ended.complete(null);
              waiting.completeExceptionally(gone());
            });
    return ended;
  }

  static GymException gone() {
    return new GymException(Kind.NOT_FOUND, "there is no such session; it may have ended");
  }

  /** Looks after what time brings: leases, and requests that take too long. */
  void reap() {
    boolean expired = false;
    synchronized (this) {
      if (ending) {
        if (nanoTime.getAsLong() - endingSince >= GRACE_NANOS) {
          giveUp();
        }
        return;
      }
      for (int place = 0; place < shards.length; place++) {
        if (shards[place].busyNanos() > opening.stepTimeoutNanos()) {
          replace(place);
        } else {
          expired |= made[place] && shards[place].idleNanos() > opening.leaseNanos();
        }
      }
    }
    if (expired) {
      log.info("the lease of a session of {} ran out", opening.environment().id());
      end(null);
    }
  }

  /** Ends the session without waiting any longer for requests under way. */
  synchronized void giveUp() {
    for (Shard shard : shards) {
      shard.abandon();
    }
  }

  private void replace(int place) {
    Shard old = shards[place];
    String loss =
        "a request took longer than the step timeout of %s s"
            .formatted(opening.stepTimeoutNanos() / 1e9);
    log.warn("{} shard {}: {}", opening.environment().id(), place, loss);
    tokens.remove(old.token());
    old.abandon();
    if (!made[place]) {
      fail(old, new GymException(Kind.UNAVAILABLE, "making the environments: " + loss));
      return;
    }
    if (described.isDone()) {
      described = new CompletableFuture<>();
    }
    make(place, old.generation() + 1, loss);
    old.endStream(Status.UNAVAILABLE.withDescription(loss));
  }
}
