package io.gymbridge.client;

import com.google.protobuf.ByteString;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Rollout;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.PutPolicyRequest;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.RolloutRequest;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives shards the policy to act with, and has them roll out. A shard answers with as many steps as
 * it thinks right for one response, and is asked again for the rest; one that was lost gets new
 * lanes, the policy anew, and goes on.
 */
final class Rollouts {
  private final RemoteSession session;
  private final List<Lanes> shards;
  private final EnvSpec spec;
  private final int numEnvs;
  private final Restarts restarts;
  private final Consumer<@Nullable InteractResponse[]> checkErrors;

  /** The newest policy; empty for none. */
  private ByteString policy = ByteString.EMPTY;

  private long newest;

  /** By shard, which version it has, in which generation of its process. */
  private final long[] versions;

  private final int[] generations;
  private long stepsBefore;

  Rollouts(
      RemoteSession session,
      EnvSpec spec,
      int numEnvs,
      Restarts restarts,
      Consumer<@Nullable InteractResponse[]> checkErrors) {
    this.session = session;
    this.shards = session.lanes();
    this.spec = spec;
    this.numEnvs = numEnvs;
    this.restarts = restarts;
    this.checkErrors = checkErrors;
    this.versions = new long[shards.size()];
    this.generations = new int[shards.size()];
  }

  /** A policy as all shards have taken it; those that are lost will get it later. */
  long put(byte[] bundle) {
    long version = ++newest;
    ByteString before = policy;
    long[] versionsBefore = versions.clone();
    int[] generationsBefore = generations.clone();
    policy = ByteString.copyFrom(bundle);
    @Nullable InteractResponse[] answers =
        session.exchange((shard, own) -> putRequest(shard), "putting a policy");
    boolean anyTaken = note(answers);
    try {
      checkErrors.accept(answers);
    } catch (GymException e) {
      if (anyTaken) {
        policy = ByteString.EMPTY;
      } else {
        // All have refused it, and have the one before.
        policy = before;
        newest = version - 1;
        for (int shard = 0; shard < versions.length; shard++) {
          versions[shard] = answers[shard] == null ? 0 : versionsBefore[shard];
          generations[shard] = generationsBefore[shard];
        }
      }
      throw e;
    }
    return version;
  }

  /**
   * Rolls out.
   *
   * @param tell is told of each shard's last observations and ends
   */
  Rollout roll(int steps, RolloutOptions options, Consumer<RolloutGather> tell) {
    if (steps < 1) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "got %d steps, expected 1 or more".formatted(steps));
    }
    if (policy.isEmpty()) {
      throw new GymException(Kind.FAILED_PRECONDITION, "there is no policy to act: put one first");
    }
    RolloutGather gather = new RolloutGather(spec, shards, numEnvs, steps, options);
    // Numbers that a rollout which fails may have drawn are not drawn again.
    long firstStep = stepsBefore;
    stepsBefore += steps;
    while (!gather.isComplete()) {
      @Nullable InteractResponse[] answers =
          session.exchange(
              (shard, own) -> {
                if (gather.done(shard) == steps) {
                  return null;
                }
                return isOutdated(shard)
                    ? putRequest(shard)
                    : request(firstStep, gather.done(shard), steps, options);
              },
              "rolling out");
      note(answers);
      boolean anyLost = false;
      for (int shard = 0; shard < answers.length; shard++) {
        InteractResponse answer = answers[shard];
        if (answer != null && answer.hasRolledOut()) {
          gather.add(shard, answer.getRolledOut());
        } else if (answer == null && gather.done(shard) < steps) {
          anyLost = true;
        } else if (answer == null) {
          answers[shard] = InteractResponse.getDefaultInstance();
        }
      }
      if (anyLost) {
        restart(answers, gather);
      }
      checkErrors.accept(answers);
    }
    tell.accept(gather);
    return gather.join(new Rollout.Draws(options.seed(), firstStep));
  }

  private void restart(@Nullable InteractResponse[] answers, RolloutGather gather) {
    boolean[] lost = new boolean[answers.length];
    for (int shard = 0; shard < answers.length; shard++) {
      lost[shard] = answers[shard] == null;
    }
    restarts.restart(answers, own -> ResetRequest.newBuilder(), null);
    for (int shard = 0; shard < answers.length; shard++) {
      InteractResponse answer = answers[shard];
      if (lost[shard] && answer != null && answer.hasReset()) {
        gather.addLoss(shard, answer.getReset());
      }
    }
  }

  private boolean isOutdated(int shard) {
    return versions[shard] < newest || generations[shard] != session.generation(shard);
  }

  private InteractRequest.Builder putRequest(int shard) {
    versions[shard] = 0;
    generations[shard] = session.generation(shard);
    return InteractRequest.newBuilder()
        .setPutPolicy(PutPolicyRequest.newBuilder().setVersion(newest).setBundle(policy));
  }

  private InteractRequest.Builder request(
      long firstStep, int done, int steps, RolloutOptions options) {
    return InteractRequest.newBuilder()
        .setRollout(
            RolloutRequest.newBuilder()
                .setSteps(steps - done)
                .setOldestVersion(newest)
                .setSeed(options.seed())
                .setFirstStep(firstStep + done)
                .setDeterministic(options.deterministic())
                .setWithDistribution(options.withDistribution()));
  }

  /** Remembers which shards have taken the policy; whether any has. */
  private boolean note(@Nullable InteractResponse[] answers) {
    boolean any = false;
    for (int shard = 0; shard < answers.length; shard++) {
      InteractResponse answer = answers[shard];
      if (answer != null && answer.hasPolicyPut()) {
        versions[shard] = newest;
        any = true;
      }
    }
    return any;
  }
}
