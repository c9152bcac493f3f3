package io.gymbridge.server;

import io.grpc.Status;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.EnvironmentSpec;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.server.rollout.Acting;
import io.gymbridge.transport.AutoresetCodec;
import io.gymbridge.transport.SpecCodec;
import io.gymbridge.transport.Statuses;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
  private boolean ending;
  private long endingSince;

  /** A session whose environments are still to be made, see {@link #open}. */
  Session(Opening opening, Tokens tokens, LongSupplier nanoTime) {
    this.id = tokens.random();
    this.opening = opening;
    this.tokens = tokens;
    this.nanoTime = nanoTime;
    shards = new Shard[opening.shards()];
    made = new boolean[shards.length];
  }

  /** Begins to make the environments; {@link #describe} waits for them. */
  synchronized void open() {
    for (int place = 0; place < shards.length; place++) {
      make(place, 0, "");
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
    Shard shard =
        new Shard(
            tokens.random(),
            "gymbridge " + opening.environment().id() + " shard " + place,
            generation,
            loss,
            () -> end(null, gone()),
            nanoTime);
    shards[place] = shard;
    made[place] = false;
    tokens.put(shard.token(), shard);
    shard.open(
        () -> opening.make(place),
        opening.renderMode(),
        opening.environment(),
        opening.stateKey(),
        opening::roller,
        lanes -> finish(place, shard, lanes),
        failure -> fail(shard, failure));
  }

  private void finish(int place, Shard shard, Lanes lanes) {
    EnvironmentSpec spec = SpecCodec.encode(lanes.spec());
    List<String> capabilities = capabilities(lanes);
    CompletableFuture<OpenSessionResponse> waiting;
    OpenSessionResponse response;
    synchronized (this) {
      made[place] |= shards[place] == shard;
      for (boolean each : made) {
        if (!each || ending) {
          return;
        }
      }
      waiting = described;
      response = describe(spec, capabilities);
    }
    waiting.complete(response);
  }

  private List<String> capabilities(Lanes lanes) {
    Env env = lanes.env(0);
    List<String> capabilities = new ArrayList<>();
    if (LaneStates.canSave(env)) {
      capabilities.add("save_state");
    }
    if (AllowedAttributes.hasGoals(env)) {
      capabilities.add(AllowedAttributes.COMPUTE_REWARD);
    }
    if (opening.allowPolicies() && Acting.suits(lanes.spec(), opening.autoresetMode())) {
      capabilities.add("rollouts");
    }
    return capabilities;
  }

  private OpenSessionResponse describe(EnvironmentSpec spec, List<String> capabilities) {
    OpenSessionResponse.Builder response =
        OpenSessionResponse.newBuilder()
            .setSessionId(id)
            .setSpec(
                spec.toBuilder()
                    .setEnvId(opening.environment().id())
                    .setRenderMode(opening.renderMode()))
            .setNumEnvs(opening.numEnvs())
            .setAutoresetMode(AutoresetCodec.encode(opening.autoresetMode()))
            .setServerVersion(Endpoint.VERSION)
            .setLeaseSeconds(opening.leaseNanos() / 1e9)
            .addCapabilities("step_lanes")
            .addAllCapabilities(capabilities);
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

  /** A shard's environments cannot be made: the session ends, and whoever waits hears why. */
  private void fail(Shard shard, Throwable failure) {
    GymException why =
        failure instanceof GymException gym
            ? gym
            : Statuses.raised("making " + opening.environment().id(), failure);
    if (shard.generation() > 0) {
      why =
          new GymException(
              Kind.UNAVAILABLE,
              "%s, and its lanes could not be made anew: %s"
                  .formatted(shard.loss(), why.getMessage()));
    }
    end(Status.UNAVAILABLE.withDescription(why.getMessage()), why);
  }

  /**
   * Ends the session, once the requests under way are done; {@link #ended} says when.
   *
   * @param failure what its streams end with; null for OK
   * @param told to those who wait for its description
   */
  void end(@Nullable Status failure, GymException told) {
    List<CompletableFuture<@Nullable Void>> releases = new ArrayList<>();
    CompletableFuture<OpenSessionResponse> waiting;
    synchronized (this) {
      if (ending) {
        return;
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
    var unused =
        CompletableFuture.allOf(releases.toArray(CompletableFuture[]::new))
            .thenRun(
                () -> {
                  for (Shard shard : shards) {
                    shard.endStream(failure);
                  }
                  ended.complete(null);
                  waiting.completeExceptionally(told);
                });
  }

  static GymException gone() {
    return new GymException(Kind.NOT_FOUND, "there is no such session; it may have ended");
  }

  /** Looks after what time brings: leases, and requests that take too long. */
  void reap() {
    List<Runnable> consequences = new ArrayList<>();
    synchronized (this) {
      if (ending) {
        if (nanoTime.getAsLong() - endingSince >= GRACE_NANOS) {
          consequences.add(this::giveUp);
        }
      } else {
        for (int place = 0; place < shards.length; place++) {
          reap(place, consequences);
        }
      }
    }
    consequences.forEach(Runnable::run);
  }

  private void reap(int place, List<Runnable> consequences) {
    Shard shard = shards[place];
    if (shard.busyNanos() > opening.stepTimeoutNanos()) {
      String loss =
          "a request took longer than the step timeout of %s s"
              .formatted(opening.stepTimeoutNanos() / 1e9);
      tokens.remove(shard.token());
      if (made[place]) {
        described = described.isDone() ? new CompletableFuture<>() : described;
        make(place, shard.generation() + 1, loss);
      } else {
        consequences.add(() -> fail(shard, new GymException(Kind.UNAVAILABLE, loss)));
      }
      log.warn("{} shard {}: {}", opening.environment().id(), place, loss);
      consequences.add(shard::abandon);
      consequences.add(() -> shard.endStream(Status.UNAVAILABLE.withDescription(loss)));
    } else if (made[place] && shard.idleNanos() > opening.leaseNanos()) {
      log.info("the lease of a session of {} ran out", opening.environment().id());
      consequences.add(() -> end(null, gone()));
    }
  }

  /** Ends the session without waiting any longer for requests under way. */
  void giveUp() {
    Shard[] last;
    synchronized (this) {
      last = shards.clone();
    }
    for (Shard shard : last) {
      shard.abandon();
    }
  }
}
