package io.gymbridge.client;

import io.gymbridge.core.AsyncVectorEnv;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Rollout;
import io.gymbridge.core.StatefulVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractRequest.RequestCase;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.ItemMap;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.ResetResponse;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.SpecCodec;
import io.gymbridge.transport.ValueCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A batch of environments in other processes. The lanes are spread over the server's workers, which
 * step at the same time.
 *
 * <p>Connections that break are made anew, and nothing is lost by that. A worker that dies, or
 * hangs for longer than {@link SessionOptions#stepTimeout}, is replaced by the server; its lanes
 * are lost (see {@link VectorEnv.Step#lost}), unless {@link SessionOptions#recovery} has them do
 * again what they did. A call that fails leaves the environment usable, but where the server is
 * gone for longer than the session's lease, or where this thread was interrupted while it waited
 * (UNAVAILABLE): then it is closed, and further calls say why. After an environment raised an error
 * (ENVIRONMENT) all lanes want a reset.
 *
 * <p>Observations are views of the message they came in. Not thread-safe, but for {@link #close}.
 */
public final class RemoteVectorEnv implements StatefulVectorEnv, AsyncVectorEnv {
  private final RemoteSession session;
  private final EnvSpec spec;
  private final ValueCodec actionCodec;
  private final ValueCodec observationCodec;
  private final Gather gather;
  private final AutoresetMode autoresetMode;
  private final List<Lanes> shards;
  private final int numShards;
  private final int numEnvs;
  private final Restarts restarts;
  private final LaneRequests requests;
  private final Rollouts rollouts;
  private final StepsUnderWay steps;
  private final int[] allLanes;
  private final boolean[] nothingLost;
  private final boolean[] ended;
  private @Nullable InteractResponse @Nullable [] last;

  /** Spent on steps that were sent since some were received. */
  private long sendingNanos;

  private @Nullable String wantsReset = "call reset before the first step";

  private RemoteVectorEnv(Address address, String envId, SessionOptions options) {
    session = new RemoteSession(address, envId, options);
    try {
      spec = SpecCodec.decode(session.opened().getSpec());
      autoresetMode = session.autoresetMode();
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
    numEnvs = session.opened().getNumEnvs();
    actionCodec = new ValueCodec(spec.actionSpace());
    shards = session.lanes();
    numShards = shards.size();
    observationCodec = new ValueCodec(spec.observationSpace());
    gather = new Gather(observationCodec, shards, numEnvs, options.copy());
    restarts = new Restarts(session, numEnvs);
    requests = new LaneRequests(session, gather, numEnvs);
    rollouts = new Rollouts(session, spec, numEnvs, restarts, this::checkErrors);
    steps = new StepsUnderWay(session, restarts, actionCodec, observationCodec, numEnvs);
    allLanes = IntStream.range(0, numEnvs).toArray();
    nothingLost = new boolean[numEnvs];
    ended = new boolean[numEnvs];
  }

  /** Makes environments with {@link SessionOptions#DEFAULTS}. */
  public static RemoteVectorEnv connect(String address, String envId) {
    return connect(address, envId, SessionOptions.DEFAULTS);
  }

  /**
   * Makes environments on a server.
   *
   * @param address {@code unix:PATH} or {@code HOST:PORT}
   * @param envId one of {@link RemoteEnvironments#list}; empty where there is only one
   * @throws GymException UNAVAILABLE where nobody answers; NOT_FOUND for an unknown id;
   *     INVALID_ARGUMENT and PERMISSION_DENIED for options; RESOURCE_EXHAUSTED where all sessions
   *     are in use; ENVIRONMENT with its traceback where the constructor raises
   */
  public static RemoteVectorEnv connect(String address, String envId, SessionOptions options) {
    return new RemoteVectorEnv(Address.parse(address), envId, options);
  }

  @Override
  public int numEnvs() {
    return numEnvs;
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public AutoresetMode autoresetMode() {
    return autoresetMode;
  }

  RemoteSession session() {
    return session;
  }

  /** Number of processes that the lanes are spread over. */
  public int numShards() {
    return numShards;
  }

  /**
   * Nanoseconds spent inside the environments for the last call, the longest of any shard: what the
   * call took beyond is the bridge's.
   */
  public long lastEnvironmentNanos() {
    return session.environmentNanos();
  }

  /** Where the time of requests went since {@link #connect}, or {@link #clearBridgeStats}. */
  public BridgeStats bridgeStats() {
    return session.stats();
  }

  /** Forgets what {@link #bridgeStats} has told. */
  public void clearBridgeStats() {
    session.times().clear();
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    return reset(seeds, lanes, List.of(options));
  }

  /**
   * Begins an episode on some lanes, each with options of its own.
   *
   * @param seeds as in {@link VectorEnv#reset(long[], boolean[], Map)}
   * @param lanes as there
   * @param options one map per lane, or one for all
   * @throws GymException UNIMPLEMENTED or INVALID_ARGUMENT where the server does not take options
   *     lane by lane
   */
  public Reset reset(
      long @Nullable [] seeds, boolean @Nullable [] lanes, List<? extends Map<String, ?>> options) {
    session.checkOpen();
    checkLength(seeds == null ? numEnvs : seeds.length, "seeds");
    checkLength(lanes == null ? numEnvs : lanes.length, "lanes of the mask");
    checkLength(options.size() == 1 ? numEnvs : options.size(), "options");
    checkPartial(lanes);
    if (lanes == null) {
      steps.drain();
      sendingNanos = 0;
    } else {
      steps.requireIdle("resetting some");
    }
    List<ItemMap> encoded = options.stream().map(map -> ItemCodec.encode(map, "options")).toList();
    if (seeds != null) {
      restarts.remember(seeds, lanes);
    }
    @Nullable InteractResponse[] answers =
        session.exchange(
            (shard, own) -> {
              ResetRequest.Builder reset = withOptions(encoded, own);
              if (seeds != null) {
                reset.setSeeds(Columns.longs(seeds, own.first(), own.count()));
              }
              if (lanes != null) {
                reset.setResetMask(Columns.flags(lanes, own.first(), own.count()));
              }
              return InteractRequest.newBuilder().setReset(reset);
            },
            "resetting");
    if (Restarts.isAnyMissing(answers)) {
      boolean[] wanted = new boolean[numEnvs];
      boolean[] told = new boolean[numEnvs];
      for (int lane = 0; lane < numEnvs; lane++) {
        wanted[lane] = lanes == null || lanes[lane];
        told[lane] = wanted[lane] || ended[lane];
      }
      @Nullable String[] causes =
          restarts.restart(
              answers, own -> withOptions(encoded, own), seeds == null ? null : wanted);
      if (session.stepsLanes()) {
        steps.tellLater(answers, causes, told);
      } else {
        restarts.tellLater(causes, told);
      }
    }
    checkErrors(answers);
    if (lanes == null) {
      wantsReset = null;
    }
    restarts.forget(lanes);
    steps.forget(
        IntStream.range(0, numEnvs).filter(lane -> lanes == null || lanes[lane]).toArray());
    for (int lane = 0; lane < numEnvs; lane++) {
      ended[lane] &= lanes != null && !lanes[lane];
    }
    last = answers;
    return gather.reset(List.of(answers));
  }

  private static ResetRequest.Builder withOptions(List<ItemMap> options, Lanes lanes) {
    ResetRequest.Builder reset = ResetRequest.newBuilder();
    if (options.size() > 1) {
      reset.addAllLaneOptions(options.subList(lanes.first(), lanes.first() + lanes.count()));
    } else if (options.get(0).getItemsCount() > 0) {
      reset.setOptions(options.get(0));
    }
    return reset;
  }

  @Override
  public Step step(Value actions) {
    long started = System.nanoTime();
    session.checkOpen();
    steps.requireIdle("stepping all");
    if (steps.isAnyUntold()) {
      return stepLaneByLane(actions);
    }
    checkReady(allLanes);
    if (numShards > 1) {
      checkMembers(actions, allLanes);
    }
    @Nullable InteractResponse[] answers =
        session.exchange(
            (shard, lanes) ->
                InteractRequest.newBuilder()
                    .setStep(
                        StepRequest.newBuilder()
                            .setActions(
                                actionCodec.encode(
                                    actions, numEnvs, lanes.first(), lanes.count(), "actions"))),
            "stepping");
    boolean anyLost = Restarts.isAnyMissing(answers);
    Step step =
        anyLost || restarts.isAnyUntold() ? afterLoss(answers) : joined(answers, nothingLost);
    for (int lane = 0; lane < numEnvs; lane++) {
      ended[lane] = step.ended(lane) && autoresetMode != AutoresetMode.SAME_STEP;
    }
    session
        .times()
        .addCoding(RequestCase.STEP, System.nanoTime() - started - session.waitedNanos());
    return step;
  }

  /** Where some lanes have a loss to tell of: answers then come in the order of lanes. */
  private Step stepLaneByLane(Value actions) {
    checkReady(allLanes);
    checkMembers(actions, allLanes);
    for (int lane = 0; lane < numEnvs; lane++) {
      steps.send(actions.slice(lane, 1), new int[] {lane});
    }
    List<StepsUnderWay.Part> parts = new ArrayList<>(steps.receive(numEnvs));
    parts.sort(Comparator.comparingInt(part -> part.lanes()[0]));
    return received(parts).step();
  }

  @Override
  public List<int[]> processes() {
    return shards.stream()
        .map(lanes -> IntStream.range(lanes.first(), lanes.first() + lanes.count()).toArray())
        .toList();
  }

  @Override
  public void send(Value actions, int... envIds) {
    long started = System.nanoTime();
    session.checkOpen();
    int[] lanes = envIds.length == 0 ? allLanes : envIds.clone();
    boolean[] named = new boolean[numEnvs];
    for (int lane : lanes) {
      if (lane < 0 || lane >= numEnvs || named[lane]) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "got the lanes %s, expected some of 0 … %d, each once"
                .formatted(Arrays.toString(lanes), numEnvs - 1));
      }
      named[lane] = true;
      if (steps.isUnderWay(lane)) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "lane %d has a step under way: receive it before the next".formatted(lane));
      }
    }
    checkReady(lanes);
    checkMembers(actions, lanes);
    steps.send(actions, lanes);
    sendingNanos += System.nanoTime() - started;
  }

  @Override
  public Received recv(int minimum) {
    session.checkOpen();
    if (minimum < 1 || minimum > steps.count()) {
      throw new GymException(
          Kind.FAILED_PRECONDITION,
          "cannot receive %d lanes: %d are under way".formatted(minimum, steps.count()));
    }
    List<StepsUnderWay.Part> parts = steps.receive(minimum);
    long started = System.nanoTime();
    Received received = received(parts);
    session.times().addCoding(RequestCase.STEP, sendingNanos + System.nanoTime() - started);
    sendingNanos = 0;
    return received;
  }

  @Override
  public int underWay() {
    return steps.count();
  }

  private Received received(List<StepsUnderWay.Part> parts) {
    List<Lanes> rows = new ArrayList<>();
    int total = 0;
    for (StepsUnderWay.Part part : parts) {
      rows.add(new Lanes(total, part.lanes().length));
      total += part.lanes().length;
    }
    int[] lanes = parts.stream().flatMapToInt(part -> Arrays.stream(part.lanes())).toArray();
    @Nullable String[] causes =
        parts.stream()
            .flatMap(part -> Collections.nCopies(part.lanes().length, part.loss()).stream())
            .toArray(String[]::new);
    boolean[] lost = new boolean[total];
    boolean anyLost = false;
    for (int row = 0; row < total; row++) {
      lost[row] = causes[row] != null;
      anyLost |= lost[row];
    }
    Step step =
        new Gather(observationCodec, rows, total)
            .step(parts.stream().map(StepsUnderWay.Part::answer).toList(), lost);
    for (int row = 0; row < total; row++) {
      ended[lanes[row]] = step.ended(row) && autoresetMode != AutoresetMode.SAME_STEP;
    }
    // Its rows are not those of whole shards.
    last = null;
    return new Received(lanes, anyLost ? Restarts.withCauses(step, causes) : step);
  }

  private Step joined(@Nullable InteractResponse[] answers, boolean[] lost) {
    checkErrors(answers);
    last = answers;
    return gather.step(List.of(answers), lost);
  }

  private Step afterLoss(@Nullable InteractResponse[] answers) {
    @Nullable String[] causes = restarts.restart(answers, lanes -> ResetRequest.newBuilder(), null);
    if (restarts.isAnyUntold()) {
      restarts.tell(answers, causes);
    }
    boolean[] lost = new boolean[numEnvs];
    for (int lane = 0; lane < numEnvs; lane++) {
      lost[lane] = causes[lane] != null;
    }
    return Restarts.withCauses(joined(answers, lost), causes);
  }

  /**
   * {@inheritDoc}
   *
   * @throws GymException INVALID_ARGUMENT where the render mode gives something else than one
   *     picture, see {@link #renderItems}
   */
  @Override
  public List<@Nullable NdArray> render(int... lanes) {
    List<@Nullable NdArray> frames = new ArrayList<>();
    for (Object frame : renderItems(lanes)) {
      if (frame != null && !(frame instanceof NdArray)) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "the render mode gives no single picture: call renderItems, or open the environment"
                + " with the render mode rgb_array");
      }
      frames.add((NdArray) frame);
    }
    return frames;
  }

  /**
   * What the lanes' render mode gives, one per lane in {@code lanes}: an {@link NdArray} for {@code
   * rgb_array}, a {@link String} for {@code ansi}, a {@link List} of these for the list modes, or
   * null.
   */
  public List<@Nullable Object> renderItems(int... lanes) {
    steps.requireIdle("rendering");
    return requests.render(lanes);
  }

  @Override
  public byte[][] saveStates(int... lanes) {
    steps.requireIdle("saving states");
    return requests.saveStates(lanes);
  }

  @Override
  public Value restoreStates(byte[][] states, int... lanes) {
    session.checkOpen();
    steps.requireIdle("restoring states");
    @Nullable InteractResponse[] before = last;
    if (before == null && lanes.length > 0) {
      checkEachShardHasSome(lanes);
    }
    @Nullable InteractResponse[] answers = requests.restoreStates(states, lanes);
    for (int shard = 0; shard < numShards; shard++) {
      if (answers[shard] == null && before != null) {
        answers[shard] = before[shard];
      }
    }
    for (int lane : lanes) {
      ended[lane] = false;
    }
    if (lanes.length == 0) {
      Arrays.fill(ended, false);
      wantsReset = null;
    }
    last = answers;
    return gather.observations(List.of(answers));
  }

  /** Where nothing is known of the other shards' observations. */
  private void checkEachShardHasSome(int[] lanes) {
    for (Lanes shard : shards) {
      if (Arrays.stream(lanes).noneMatch(shard::has)) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            ("the observations of %s are not known: step or reset all lanes at once before, or"
                    + " restore all lanes")
                .formatted(shard));
      }
    }
  }

  /**
   * Calls a method of lanes' environments, or reads an attribute, looked for from the outermost
   * wrapper inwards.
   *
   * @param name one that the server was started to allow
   * @param args positional arguments, the same for all lanes
   * @param kwargs keyword arguments, the same for all lanes
   * @param lanes which lanes; none for all
   * @return one result per lane asked for, in that order
   * @throws GymException PERMISSION_DENIED for a name that is not allowed
   */
  public List<@Nullable Object> call(
      String name, List<?> args, Map<String, ?> kwargs, int... lanes) {
    steps.requireIdle("calling " + name);
    return requests.call(name, args, kwargs, lanes);
  }

  /** An attribute of lanes' environments; see {@link #call}. */
  public List<@Nullable Object> getAttribute(String name, int... lanes) {
    return call(name, List.of(), Map.of(), lanes);
  }

  /**
   * Sets an attribute of all lanes' environments, where Gymnasium's {@code set_wrapper_attr} would.
   *
   * @param values one for all lanes, or one per lane
   * @throws GymException as {@link #call}
   */
  public void setAttribute(String name, List<?> values) {
    steps.requireIdle("setting " + name);
    requests.setAttribute(name, values);
  }

  /**
   * Gives the policy that the next rollouts act with to the server. It wants one that was started
   * to take policies.
   *
   * @param bundle a policy bundle: {@code PolicyBundle.toBytes}
   * @return its version: 1 for the first, then one more each time
   * @throws GymException PERMISSION_DENIED where the server takes no policies; INVALID_ARGUMENT for
   *     a bundle that fails a check or does not fit the spaces: then the policy before stays
   */
  public long putPolicy(byte[] bundle) {
    session.checkOpen();
    steps.requireIdle("putting a policy");
    return rollouts.put(bundle);
  }

  /**
   * Has the environments step by themselves, with the actions of the policy that was put last.
   *
   * @param steps T, at least 1; other requests wait until they are made
   * @return T steps of all lanes. A lane that was lost has one step that says so, and goes on in a
   *     new environment; recovery does not replay rollouts
   * @throws GymException FAILED_PRECONDITION where there is no policy, and where lanes want a
   *     reset; INVALID_ARGUMENT where the policy gives no distribution to draw from, or nonsense;
   *     ENVIRONMENT where an environment raises: the steps made are gone then
   */
  public Rollout rollout(int steps, RolloutOptions options) {
    session.checkOpen();
    this.steps.requireIdle("rolling out");
    checkReady(allLanes);
    return rollouts.roll(steps, options, this::rolledOut);
  }

  private void rolledOut(RolloutGather gather) {
    for (int lane = 0; lane < numEnvs; lane++) {
      ended[lane] = gather.endedLast(lane) && autoresetMode != AutoresetMode.SAME_STEP;
    }
    @Nullable InteractResponse[] answers = new InteractResponse[numShards];
    for (int shard = 0; shard < numShards; shard++) {
      Buffers observations =
          Buffers.newBuilder().addBuffers(gather.lastObservations(shard)).build();
      answers[shard] =
          InteractResponse.newBuilder()
              .setReset(ResetResponse.newBuilder().setObservations(observations))
              .build();
    }
    last = answers;
  }

  @Override
  public void close() {
    session.close();
  }

  private void checkLength(int length, String what) {
    if (length != numEnvs) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "got %d %s for %d lanes".formatted(length, what, numEnvs));
    }
  }

  private void checkPartial(boolean @Nullable [] lanes) {
    for (int lane = 0; lanes != null && lane < numEnvs; lane++) {
      if (!lanes[lane] && wantsReset != null) {
        throw new GymException(
            Kind.FAILED_PRECONDITION, wantsReset + ": lane %d is left out".formatted(lane));
      }
    }
  }

  private void checkReady(int[] lanes) {
    if (wantsReset != null) {
      throw new GymException(Kind.FAILED_PRECONDITION, wantsReset);
    }
    for (int lane : lanes) {
      if (ended[lane] && autoresetMode == AutoresetMode.DISABLED) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "the episode of lane " + lane + " has ended: reset it before the next step");
      }
    }
  }

  /** So that one shard's refusal does not come after another one's step. */
  private void checkMembers(Value actions, int[] lanes) {
    actionCodec.check(actions, lanes.length, "actions");
    for (int row = 0; row < lanes.length; row++) {
      int lane = lanes[row];
      String mismatch = ended[lane] ? null : spec.actionSpace().whyNot(actions.row(row));
      if (mismatch != null) {
        throw new GymException(Kind.INVALID_ARGUMENT, "action of lane " + lane + ": " + mismatch);
      }
    }
  }

  private void checkErrors(@Nullable InteractResponse[] answers) {
    GymException first = LaneRequests.firstError(answers);
    if (first == null) {
      return;
    }
    boolean someDone = false;
    for (InteractResponse answer : answers) {
      someDone |=
          answer != null && (answer.hasStep() || answer.hasReset() || answer.hasRolledOut());
    }
    if (first.kind() == Kind.ENVIRONMENT || someDone) {
      wantsReset = "an environment failed in an earlier call: call reset before the next step";
    }
    throw first;
  }
}
