package io.gymbridge.client;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorInfo;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.ResetResponse;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.Statuses;
import io.gymbridge.transport.ValueCodec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Steps of some lanes: sends them, and hands out what came of them in the order of its arrival.
 *
 * <p>Where a shard is lost, its lanes begin new episodes at once. Each is told of once: where its
 * step was under way, by that step; otherwise by its next one, which then takes no action.
 */
final class StepsUnderWay {
  private static final String DOING = "stepping";

  /**
   * What came of one request, or of lanes that were lost.
   *
   * @param answer to a step or, of lost lanes, to a reset; its rows are those of {@code lanes}
   * @param loss why they were lost; null where they were not
   */
  record Part(int[] lanes, InteractResponse answer, @Nullable String loss) {}

  private final RemoteSession session;
  private final List<Lanes> shards;
  private final Restarts restarts;
  private final ValueCodec actions;
  private final ValueCodec observations;
  private final List<Deque<int[]>> asked = new ArrayList<>();
  private final List<Part> arrived = new ArrayList<>();
  private final boolean[] busy;

  /** By lane, the index of its shard. */
  private final int[] shardOf;

  /** By lane, what its shard's reset after a loss has answered, until a step has told of it. */
  private final @Nullable InteractResponse[] untold;

  private final @Nullable String[] losses;
  private boolean anyUntold;
  private int count;

  StepsUnderWay(
      RemoteSession session,
      Restarts restarts,
      ValueCodec actions,
      ValueCodec observations,
      int numEnvs) {
    this.session = session;
    this.shards = session.lanes();
    this.restarts = restarts;
    this.actions = actions;
    this.observations = observations;
    shards.forEach(shard -> asked.add(new ArrayDeque<>()));
    busy = new boolean[numEnvs];
    shardOf = new int[numEnvs];
    for (int shard = 0; shard < shards.size(); shard++) {
      int first = shards.get(shard).first();
      Arrays.fill(shardOf, first, first + shards.get(shard).count(), shard);
    }
    untold = new InteractResponse[numEnvs];
    losses = new String[numEnvs];
  }

  /** Number of lanes that were sent and not received. */
  int count() {
    return count;
  }

  boolean isUnderWay(int lane) {
    return busy[lane];
  }

  /** Whether some lanes have begun new episodes of which no step has told. */
  boolean isAnyUntold() {
    return anyUntold;
  }

  /** FAILED_PRECONDITION while lanes are under way. */
  void requireIdle(String doing) {
    if (count > 0) {
      throw new GymException(
          Kind.FAILED_PRECONDITION,
          "%d lanes are under way: receive them before %s".formatted(count, doing));
    }
  }

  /**
   * Sends steps.
   *
   * @param batch one action per lane
   * @param lanes each once, none of them under way
   */
  void send(Value batch, int[] lanes) {
    List<InteractRequest.@Nullable Builder> requests = new ArrayList<>();
    List<int[]> stepped = new ArrayList<>();
    List<int[]> rowsOfShards = rowsByShard(lanes, lane -> untold[lane] == null);
    for (int shard = 0; shard < shards.size(); shard++) {
      int[] rows = rowsOfShards.get(shard);
      if (rows.length == shards.get(shard).count()) {
        rows = inOrderOfLanes(rows, lanes, shards.get(shard));
      }
      int[] own = pick(lanes, rows);
      stepped.add(own);
      requests.add(rows.length == 0 ? null : request(shards.get(shard), own, batch, rows));
    }
    tellOf(lanes);
    for (int lane : lanes) {
      busy[lane] = true;
    }
    count += lanes.length;
    for (int shard = 0; shard < shards.size(); shard++) {
      InteractRequest.Builder request = requests.get(shard);
      if (request != null) {
        session.begin(shard, request);
        asked.get(shard).add(stepped.get(shard));
      }
    }
  }

  /** By shard, where in {@code lanes} those of its lanes are that pass. */
  private List<int[]> rowsByShard(int[] lanes, IntPredicate passes) {
    int[] sizes = new int[shards.size()];
    int[] passing = IntStream.range(0, lanes.length).filter(i -> passes.test(lanes[i])).toArray();
    for (int row : passing) {
      sizes[shardOf[lanes[row]]]++;
    }
    List<int[]> rows = Arrays.stream(sizes).mapToObj(int[]::new).toList();
    for (int i = passing.length - 1; i >= 0; i--) {
      int shard = shardOf[lanes[passing[i]]];
      rows.get(shard)[--sizes[shard]] = passing[i];
    }
    return rows;
  }

  /** The rows of all of a shard's lanes. */
  private static int[] inOrderOfLanes(int[] rows, int[] lanes, Lanes shard) {
    int[] sorted = new int[rows.length];
    for (int row : rows) {
      sorted[lanes[row] - shard.first()] = row;
    }
    return sorted;
  }

  private static int[] pick(int[] lanes, int[] rows) {
    return Arrays.stream(rows).map(row -> lanes[row]).toArray();
  }

  private InteractRequest.Builder request(Lanes shard, int[] own, Value batch, int[] rows) {
    StepRequest.Builder step = StepRequest.newBuilder();
    if (own.length < shard.count()) {
      if (!session.stepsLanes()) {
        throw new GymException(
            Kind.UNIMPLEMENTED,
            "the server steps whole processes only: name all of %s, or none of them"
                .formatted(shard));
      }
      for (int lane : own) {
        step.addLanes(lane - shard.first());
      }
    }
    int last = rows.length - 1;
    boolean inOneGo = IntStream.range(1, rows.length).allMatch(i -> rows[i] == rows[0] + i);
    int all = batch.batchSize();
    step.setActions(
        inOneGo
            ? actions.encode(batch, all, rows[0], rows[last] - rows[0] + 1, "actions")
            : actions.encode(batch.take(rows), rows.length, "actions"));
    return InteractRequest.newBuilder().setStep(step);
  }

  /** Answers lanes that were lost without a step under way. */
  private void tellOf(int[] lanes) {
    if (!anyUntold) {
      return;
    }
    List<int[]> rowsOfShards = rowsByShard(lanes, lane -> untold[lane] != null);
    for (int shard = 0; shard < shards.size(); shard++) {
      int[] own = pick(lanes, rowsOfShards.get(shard));
      if (own.length > 0) {
        InteractResponse reset = Objects.requireNonNull(untold[own[0]]);
        arrived.add(new Part(own, some(reset, shards.get(shard), own), losses[own[0]]));
      }
    }
    forget(lanes);
  }

  /**
   * Waits for steps.
   *
   * @param minimum lanes, at least 1, at most {@link #count}
   * @throws GymException what an environment threw
   */
  List<Part> receive(int minimum) {
    while (arrived.stream().mapToInt(part -> part.lanes().length).sum() < minimum) {
      for (int shard : session.awaitAny(DOING)) {
        take(shard);
      }
    }
    for (int i = 0; i < arrived.size(); i++) {
      if (arrived.get(i).answer().hasError()) {
        Part failed = arrived.remove(i);
        received(failed);
        throw Statuses.decode(failed.answer().getError());
      }
    }
    List<Part> all = List.copyOf(arrived);
    arrived.clear();
    all.forEach(this::received);
    return all;
  }

  private void received(Part part) {
    for (int lane : part.lanes()) {
      busy[lane] = false;
    }
    count -= part.lanes().length;
  }

  private void take(int shard) {
    InteractResponse answer = session.end(shard, DOING);
    if (answer != null) {
      arrived.add(new Part(asked.get(shard).remove(), answer, null));
    } else {
      revive(shard);
    }
  }

  /** Begins episodes in a lost shard's new lanes, and answers the steps that were under way. */
  private void revive(int shard) {
    Lanes own = shards.get(shard);
    List<int[]> together = List.copyOf(asked.get(shard));
    asked.get(shard).clear();
    session.forgetBegun(shard);
    @Nullable InteractResponse[] answers = new InteractResponse[shards.size()];
    Arrays.fill(answers, InteractResponse.getDefaultInstance());
    answers[shard] = null;
    @Nullable String[] causes = restarts.restart(answers, lanes -> ResetRequest.newBuilder(), null);
    InteractResponse reset = Objects.requireNonNull(answers[shard]);
    String loss = causes[own.first()];
    for (int lane = own.first(); lane < own.first() + own.count(); lane++) {
      tellLater(lane, reset, loss);
    }
    for (int[] lanes : together) {
      arrived.add(new Part(lanes, some(reset, own, lanes), loss));
      forget(lanes);
    }
  }

  /** A reset's answer with some of its rows; an error as it is. */
  private InteractResponse some(InteractResponse answer, Lanes shard, int[] lanes) {
    if (!answer.hasReset()) {
      return answer;
    }
    ResetResponse reset = answer.getReset();
    int[] rows = Arrays.stream(lanes).map(lane -> lane - shard.first()).toArray();
    Value shown = observations.decode(reset.getObservations(), shard.count(), "observations");
    ResetResponse.Builder picked =
        ResetResponse.newBuilder()
            .setObservations(observations.encode(shown.take(rows), rows.length, "observations"));
    if (reset.hasInfos()) {
      Map<String, Object> infos = ItemCodec.decode(reset.getInfos(), "infos");
      VectorInfo own = new VectorInfo(rows.length);
      for (int i = 0; i < rows.length; i++) {
        own.put(i, VectorInfos.ofLane(infos, rows[i]));
      }
      picked.setInfos(ItemCodec.encode(own.toMap(), "infos"));
    }
    return InteractResponse.newBuilder().setReset(picked).build();
  }

  /** Leaves it to the next step to tell of lanes that a reset of others has cut. */
  void tellLater(@Nullable InteractResponse[] resets, @Nullable String[] causes, boolean[] told) {
    for (int shard = 0; shard < resets.length; shard++) {
      Lanes own = shards.get(shard);
      for (int lane = own.first(); lane < own.first() + own.count(); lane++) {
        InteractResponse reset = resets[shard];
        if (reset != null && causes[lane] != null && !told[lane]) {
          tellLater(lane, reset, causes[lane]);
        }
      }
    }
  }

  private void tellLater(int lane, InteractResponse reset, @Nullable String loss) {
    untold[lane] = reset;
    losses[lane] = loss;
    anyUntold = true;
  }

  /** The caller knows that these lanes have begun a new episode. */
  void forget(int[] lanes) {
    for (int lane : lanes) {
      untold[lane] = null;
      losses[lane] = null;
    }
    anyUntold = Arrays.stream(untold).anyMatch(Objects::nonNull);
  }

  /** Waits for what is under way, whatever comes of it. */
  void drain() {
    for (int shard = 0; shard < shards.size(); shard++) {
      for (; !asked.get(shard).isEmpty(); asked.get(shard).remove()) {
        InteractResponse unused = session.end(shard, DOING);
      }
    }
    arrived.clear();
    Arrays.fill(busy, false);
    count = 0;
  }
}
