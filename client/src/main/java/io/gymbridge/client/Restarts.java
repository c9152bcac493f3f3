package io.gymbridge.client;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.VectorEnv.Step;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.ResetResponse;
import io.gymbridge.proto.v1.StepResponse;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Begins episodes on the new lanes of shards that were lost, and keeps what the caller has to be
 * told of that.
 *
 * <p>A lane that was last reset with seed s begins, in its shard's g-th process after the first
 * one, with the upper 31 bits of the g-th number of {@code SplittableRandom(s)}: the same losses
 * give the same episodes. A lane that never had a seed gets none.
 */
final class Restarts {
  private static final int ATTEMPTS = 3;

  private final RemoteSession session;
  private final List<Lanes> shards;
  private final long[] seeds;
  private final boolean[] seeded;

  /** By lane, why it was lost in a reset that was not meant for it; the next step tells. */
  private final @Nullable String[] untold;

  private boolean anyUntold;

  Restarts(RemoteSession session, int numEnvs) {
    this.session = session;
    this.shards = session.lanes();
    this.seeds = new long[numEnvs];
    this.seeded = new boolean[numEnvs];
    this.untold = new String[numEnvs];
  }

  /** Remembers a reset's seeds. */
  void remember(long[] given, boolean @Nullable [] lanes) {
    for (int lane = 0; lane < given.length; lane++) {
      if (lanes == null || lanes[lane]) {
        seeds[lane] = given[lane];
        seeded[lane] = true;
      }
    }
  }

  /** Whether a shard has not answered what all were asked. */
  static boolean isAnyMissing(@Nullable InteractResponse[] answers) {
    for (InteractResponse answer : answers) {
      if (answer == null) {
        return true;
      }
    }
    return false;
  }

  /** Whether the next step has a loss to tell, though no shard is lost. */
  boolean isAnyUntold() {
    return anyUntold;
  }

  /**
   * Resets all lanes of lost shards, and puts the answers in their places.
   *
   * @param common gives each shard's reset with its options
   * @param fresh lanes that get the seeds remembered for them as they are; null for none
   * @return by lane, why it was lost; null where it was not
   */
  @Nullable String[] restart(
      @Nullable InteractResponse[] answers,
      Function<Lanes, ResetRequest.Builder> common,
      boolean @Nullable [] fresh) {
    @Nullable String[] causes = new String[seeds.length];
    for (int attempt = 1; isAnyMissing(answers); attempt++) {
      for (int shard = 0; shard < answers.length; shard++) {
        if (answers[shard] == null) {
          Lanes lanes = shards.get(shard);
          String cause = String.valueOf(session.loss(shard));
          Arrays.fill(causes, lanes.first(), lanes.first() + lanes.count(), cause);
          if (attempt > ATTEMPTS) {
            throw new GymException(
                Kind.UNAVAILABLE,
                "%s was lost again and again while it was reset: %s".formatted(lanes, cause));
          }
          session.acceptLoss(shard);
        }
      }
      @Nullable InteractResponse[] again =
          session.exchange(
              (shard, lanes) ->
                  answers[shard] == null
                      ? InteractRequest.newBuilder()
                          .setReset(
                              reset(common.apply(lanes), lanes, session.generation(shard), fresh))
                      : null,
              "resetting lost lanes");
      for (int shard = 0; shard < answers.length; shard++) {
        answers[shard] = answers[shard] == null ? again[shard] : answers[shard];
      }
    }
    return causes;
  }

  private ResetRequest.Builder reset(
      ResetRequest.Builder reset, Lanes lanes, int generation, boolean @Nullable [] fresh) {
    long[] own = new long[lanes.count()];
    boolean[] has = new boolean[lanes.count()];
    boolean all = true;
    boolean any = false;
    for (int i = 0; i < own.length; i++) {
      int lane = lanes.first() + i;
      own[i] = fresh != null && fresh[lane] ? seeds[lane] : seedAfterLoss(seeds[lane], generation);
      has[i] = seeded[lane];
      all &= has[i];
      any |= has[i];
    }
    if (any) {
      reset.setSeeds(Columns.longs(own, 0, own.length));
    }
    if (any && !all) {
      reset.setSeedMask(Columns.flags(has, 0, has.length));
    }
    return reset;
  }

  static long seedAfterLoss(long seed, int generation) {
    SplittableRandom random = new SplittableRandom(seed);
    long number = 0;
    for (int i = 0; i < generation; i++) {
      number = random.nextLong();
    }
    return number >>> 33;
  }

  /** Leaves it to the next step to tell of lanes that a reset of others has cut. */
  void tellLater(@Nullable String[] causes, boolean[] told) {
    for (int lane = 0; lane < causes.length; lane++) {
      if (!told[lane] && causes[lane] != null) {
        untold[lane] = causes[lane];
        anyUntold = true;
      }
    }
  }

  /** Those lanes were reset by the caller. */
  void forget(boolean @Nullable [] lanes) {
    for (int lane = 0; lane < untold.length; lane++) {
      if (lanes == null || lanes[lane]) {
        untold[lane] = null;
      }
    }
    anyUntold = Arrays.stream(untold).anyMatch(Objects::nonNull);
  }

  /**
   * Resets the lanes of which a step has to tell that they were cut before, and takes their rewards
   * and ends out of it.
   *
   * @param causes by lane; those of these lanes are added
   */
  void tell(@Nullable InteractResponse[] answers, @Nullable String[] causes) {
    boolean[] mask = new boolean[untold.length];
    for (int lane = 0; lane < mask.length; lane++) {
      mask[lane] = untold[lane] != null && causes[lane] == null;
      causes[lane] = mask[lane] ? untold[lane] : causes[lane];
    }
    @Nullable InteractResponse[] resets =
        session.exchange(
            (shard, lanes) ->
                isAnyIn(lanes, mask) && hasStep(answers[shard])
                    ? InteractRequest.newBuilder()
                        .setReset(
                            ResetRequest.newBuilder()
                                .setResetMask(Columns.flags(mask, lanes.first(), lanes.count())))
                    : null,
            "resetting lanes that were lost");
    for (int shard = 0; shard < answers.length; shard++) {
      InteractResponse step = answers[shard];
      InteractResponse reset = resets[shard];
      if (step != null && reset != null) {
        answers[shard] =
            reset.hasReset() ? without(step, reset.getReset(), shards.get(shard), mask) : reset;
      }
    }
    Arrays.fill(untold, null);
    anyUntold = false;
  }

  private static boolean hasStep(@Nullable InteractResponse answer) {
    return answer != null && answer.hasStep();
  }

  private static boolean isAnyIn(Lanes lanes, boolean[] mask) {
    for (int lane = lanes.first(); lane < lanes.first() + lanes.count(); lane++) {
      if (mask[lane]) {
        return true;
      }
    }
    return false;
  }

  private static InteractResponse without(
      InteractResponse answer, ResetResponse reset, Lanes lanes, boolean[] mask) {
    StepResponse.Builder step = answer.getStep().toBuilder();
    byte[] rewards = step.getRewards().toByteArray();
    byte[] terminated = step.getTerminated().toByteArray();
    byte[] truncated = step.getTruncated().toByteArray();
    for (int i = 0; i < lanes.count(); i++) {
      if (mask[lanes.first() + i]) {
        Arrays.fill(rewards, i * 8, i * 8 + 8, (byte) 0);
        terminated[i] = 0;
        truncated[i] = 0;
      }
    }
    return answer.toBuilder()
        .setStep(
            step.setObservations(reset.getObservations())
                .setRewards(ByteString.copyFrom(rewards))
                .setTerminated(ByteString.copyFrom(terminated))
                .setTruncated(ByteString.copyFrom(truncated)))
        .build();
  }

  /** A step with the causes among its infos. */
  static Step withCauses(Step step, @Nullable String[] causes) {
    Map<String, Object> infos = new LinkedHashMap<>(step.infos());
    infos.put(Step.LOSS, Collections.unmodifiableList(Arrays.asList(causes)));
    long[] has = Arrays.stream(causes).mapToLong(cause -> cause == null ? 0 : 1).toArray();
    infos.put("_" + Step.LOSS, NdArray.ofLongs(DType.BOOL, has, has.length));
    return step.withInfos(Collections.unmodifiableMap(infos));
  }
}
