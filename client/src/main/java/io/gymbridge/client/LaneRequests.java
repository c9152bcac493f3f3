package io.gymbridge.client;

import com.google.protobuf.ByteString;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.CallRequest;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.Item;
import io.gymbridge.proto.v1.RenderRequest;
import io.gymbridge.proto.v1.RestoreStateRequest;
import io.gymbridge.proto.v1.SaveStateRequest;
import io.gymbridge.proto.v1.SetAttributeRequest;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.Statuses;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What may be asked of some lanes, apart from steps and resets: each shard is asked for its own.
 * Lost lanes cannot answer, which is UNAVAILABLE; the next step or reset goes on with new ones.
 */
final class LaneRequests {
  private final RemoteSession session;
  private final List<Lanes> shards;
  private final Gather gather;
  private final int numEnvs;

  LaneRequests(RemoteSession session, Gather gather, int numEnvs) {
    this.session = session;
    this.shards = session.lanes();
    this.gather = gather;
    this.numEnvs = numEnvs;
  }

  /** The first shard's that failed; null where none did. */
  static @Nullable GymException firstError(@Nullable InteractResponse[] answers) {
    for (InteractResponse answer : answers) {
      if (answer != null && answer.hasError()) {
        return Statuses.decode(answer.getError());
      }
    }
    return null;
  }

  List<@Nullable Object> render(int... lanes) {
    return gather.frames(
        ask(
            lanes,
            own ->
                InteractRequest.newBuilder().setRender(RenderRequest.newBuilder().addAllLanes(own)),
            "rendering"),
        lanes);
  }

  List<@Nullable Object> call(String name, List<?> args, Map<String, ?> kwargs, int... lanes) {
    CallRequest.Builder call = CallRequest.newBuilder().setName(name);
    args.forEach(argument -> call.addArgs(ItemCodec.encode(argument, "argument")));
    if (!kwargs.isEmpty()) {
      call.setKwargs(ItemCodec.encode(kwargs, "kwargs"));
    }
    int[] asked = orAll(lanes);
    return gather.results(
        ask(
            asked,
            own -> InteractRequest.newBuilder().setCall(call.clone().addAllLanes(own)),
            "calling " + name),
        asked);
  }

  void setAttribute(String name, List<?> values) {
    if (values.size() != 1 && values.size() != numEnvs) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got %d values of %s, expected 1, or one for each of %d lanes"
              .formatted(values.size(), name, numEnvs));
    }
    List<Item> items =
        values.stream().map(value -> ItemCodec.encode(value, "value of " + name)).toList();
    String doing = "setting " + name;
    @Nullable InteractResponse[] answers =
        session.exchange(
            (shard, own) ->
                InteractRequest.newBuilder()
                    .setSetAttribute(
                        SetAttributeRequest.newBuilder()
                            .setName(name)
                            .addAllValues(
                                items.size() == 1
                                    ? items
                                    : items.subList(own.first(), own.first() + own.count()))),
            doing);
    check(answers, orAll(), doing);
  }

  byte[][] saveStates(int... lanes) {
    int[] asked = orAll(lanes);
    return gather.states(
        ask(
            asked,
            own ->
                InteractRequest.newBuilder()
                    .setSaveState(SaveStateRequest.newBuilder().addAllLanes(own)),
            "saving states"),
        asked);
  }

  /**
   * Restores lanes. New lanes of a lost shard may be brought into a saved state as well as the old
   * ones, if all of them are.
   *
   * @return an answer per shard; null for those without any of the lanes
   */
  @Nullable InteractResponse[] restoreStates(byte[][] states, int... lanes) {
    int[] asked = orAll(lanes);
    checkLanes(asked);
    if (states.length != asked.length) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got %d states for %d lanes".formatted(states.length, asked.length));
    }
    ByteString[] byLane = new ByteString[numEnvs];
    for (int i = 0; i < asked.length; i++) {
      if (byLane[asked[i]] != null) {
        throw new GymException(Kind.INVALID_ARGUMENT, "lane " + asked[i] + " is named twice");
      }
      byLane[asked[i]] = ByteString.copyFrom(states[i]);
    }
    String doing = "restoring states";
    @Nullable InteractResponse[] answers =
        session.exchange((shard, own) -> restore(byLane, own), doing);
    for (int shard = 0; shard < answers.length; shard++) {
      Lanes own = shards.get(shard);
      if (answers[shard] == null && session.loss(shard) != null && isAll(byLane, own)) {
        session.acceptLoss(shard);
        int lost = shard;
        answers[shard] =
            session.exchange((i, some) -> i == lost ? restore(byLane, some) : null, doing)[shard];
      }
    }
    check(answers, asked, doing);
    return answers;
  }

  private static boolean isAll(@Nullable ByteString[] byLane, Lanes lanes) {
    return IntStream.range(lanes.first(), lanes.first() + lanes.count())
        .allMatch(lane -> byLane[lane] != null);
  }

  private static InteractRequest.@Nullable Builder restore(
      @Nullable ByteString[] byLane, Lanes own) {
    RestoreStateRequest.Builder restore = RestoreStateRequest.newBuilder();
    for (int i = 0; i < own.count(); i++) {
      ByteString state = byLane[own.first() + i];
      if (state != null) {
        restore.addLanes(i).addStates(state);
      }
    }
    if (restore.getLanesCount() == own.count()) {
      // All: what came before no longer matters to a replay.
      restore.clearLanes();
    }
    return restore.getStatesCount() == 0
        ? null
        : InteractRequest.newBuilder().setRestoreState(restore);
  }

  private int[] orAll(int... lanes) {
    return lanes.length == 0 ? IntStream.range(0, numEnvs).toArray() : lanes;
  }

  private void checkLanes(int[] lanes) {
    for (int lane : lanes) {
      Objects.checkIndex(lane, numEnvs);
    }
  }

  /** Asks the shards of some lanes for them, each by its own lanes' indices. */
  private @Nullable InteractResponse[] ask(
      int[] lanes, Function<List<Integer>, InteractRequest.Builder> request, String doing) {
    checkLanes(lanes);
    @Nullable InteractResponse[] answers =
        session.exchange(
            (shard, own) -> {
              List<Integer> indices =
                  Arrays.stream(lanes)
                      .filter(own::has)
                      .mapToObj(lane -> lane - own.first())
                      .toList();
              return indices.isEmpty() ? null : request.apply(indices);
            },
            doing);
    check(answers, lanes, doing);
    return answers;
  }

  private void check(@Nullable InteractResponse[] answers, int[] lanes, String doing) {
    for (int shard = 0; shard < answers.length; shard++) {
      if (answers[shard] == null && Arrays.stream(lanes).anyMatch(shards.get(shard)::has)) {
        throw new GymException(
            Kind.UNAVAILABLE,
            ("%s was lost, while %s: %s. The next step or reset begins an episode in a new"
                    + " environment")
                .formatted(shards.get(shard), doing, session.loss(shard)));
      }
    }
    GymException error = firstError(answers);
    if (error != null) {
      throw error;
    }
  }
}
