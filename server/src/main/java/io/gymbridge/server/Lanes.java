package io.gymbridge.server;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvBatch;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.StepBuffers;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorInfo;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.transport.Statuses;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The environments of one shard, moved together where they can be, and what they last returned.
 * What the accessors give is valid until the next call. One caller at a time.
 *
 * <p>Where an environment fails, the other lanes of the call may have moved already: then all of
 * them want a reset.
 */
final class Lanes {
  private static final Logger log = LoggerFactory.getLogger(Lanes.class);

  private final Env[] envs;
  private final @Nullable EnvBatch batch;
  private final EnvSpec spec;
  private final AutoresetMode autoresetMode;
  private final InfoMode infoMode;
  private final int firstLane;
  private final Value[] last;
  private final Value[] chosen;
  private final boolean[] ready;
  private final boolean[] ended;
  private final List<Value> finals = new ArrayList<>();
  private @Nullable Value observations;
  private VectorInfo infos;
  private final List<Map<String, Object>> laneInfos;
  private VectorInfo finalInfos;

  /** How many lanes the last call was about. */
  private int rows;

  private long nanos;

  /**
   * Takes environments over.
   *
   * @param infoMode not UNSPECIFIED
   * @param firstLane number of the first one in its session, for messages
   */
  Lanes(List<Env> envs, AutoresetMode autoresetMode, InfoMode infoMode, int firstLane) {
    this(null, envs, autoresetMode, infoMode, firstLane);
  }

  /** Takes environments over that move together. */
  Lanes(EnvBatch batch, AutoresetMode autoresetMode, InfoMode infoMode, int firstLane) {
    this(
        batch,
        IntStream.range(0, batch.numEnvs()).<Env>mapToObj(batch::lane).toList(),
        autoresetMode,
        infoMode,
        firstLane);
  }

  private Lanes(
      @Nullable EnvBatch batch,
      List<Env> envs,
      AutoresetMode autoresetMode,
      InfoMode infoMode,
      int firstLane) {
    this.batch = batch;
    this.envs = envs.toArray(Env[]::new);
    this.spec = envs.get(0).spec();
    this.autoresetMode = autoresetMode;
    this.infoMode = infoMode;
    this.firstLane = firstLane;
    int n = envs.size();
    last = new Value[n];
    chosen = new Value[n];
    ready = new boolean[n];
    ended = new boolean[n];
    infos = new VectorInfo(n);
    laneInfos = new ArrayList<>(Collections.nCopies(n, Map.of()));
    finalInfos = new VectorInfo(n);
  }

  int numEnvs() {
    return envs.length;
  }

  /** Of one lane. */
  EnvSpec spec() {
    return spec;
  }

  AutoresetMode autoresetMode() {
    return autoresetMode;
  }

  /** Number of the first one in its session. */
  int firstLane() {
    return firstLane;
  }

  /** What is kept of the environments' infos. */
  InfoMode infoMode() {
    return infoMode;
  }

  /**
   * Size of one observation where a step writes it, 0 where it is only in {@link #observations}.
   */
  int rowBytes() {
    return batch == null ? 0 : batch.rowBytes();
  }

  /** A batch of N; where steps write observations, that of the last reset or restoration. */
  Value observations() {
    if (observations == null) {
      throw new IllegalStateException("no lane was reset yet");
    }
    return observations;
  }

  /** In vector form; empty but for {@link InfoMode#INFO_MODE_ALL}. */
  Map<String, Object> infos() {
    return infos.toMap();
  }

  /** Lane by lane; empty but for {@link InfoMode#INFO_MODE_LANES}. */
  List<Map<String, Object>> laneInfos() {
    return Collections.unmodifiableList(laneInfos.subList(0, rows));
  }

  /**
   * SAME_STEP: the last observations of the lanes that ended now, in lane order, where steps do not
   * write them.
   */
  List<Value> finalObservations() {
    return finals;
  }

  /** SAME_STEP: their last infos, in vector form over all lanes. */
  Map<String, Object> finalInfos() {
    return finalInfos.toMap();
  }

  /** Nanoseconds that the last call spent inside the environments. */
  long nanos() {
    return nanos;
  }

  /** Forgets the last call's time, for a request that may be refused before any environment. */
  void resetClock() {
    nanos = 0;
  }

  /** What several calls have spent, in place of the last one's. */
  void setNanos(long spent) {
    nanos = spent;
  }

  /**
   * Begins episodes.
   *
   * @param seeds null for none
   * @param seeded where seeds count; null for everywhere
   * @param lanes which to reset; null for all
   * @param options lane by lane
   * @throws GymException FAILED_PRECONDITION where a lane to be left alone has no episode; what the
   *     environments throw
   */
  void reset(
      long @Nullable [] seeds,
      boolean @Nullable [] seeded,
      boolean @Nullable [] lanes,
      List<Map<String, Object>> options) {
    for (int lane = 0; lanes != null && lane < envs.length; lane++) {
      if (!lanes[lane]) {
        checkMayStay(lane);
      }
    }
    begin(envs.length);
    int lane = 0;
    long started = System.nanoTime();
    try {
      for (; lane < envs.length; lane++) {
        if (lanes == null || lanes[lane]) {
          Long seed = seeds == null || (seeded != null && !seeded[lane]) ? null : seeds[lane];
          take(lane, lane, envs[lane].reset(seed, options.get(lane)));
          ended[lane] = false;
          ready[lane] = true;
        }
      }
    } catch (Throwable e) {
      throw broken(e, lane);
    } finally {
      nanos = System.nanoTime() - started;
    }
    gather();
  }

  private void checkMayStay(int lane) {
    if (last[lane] == null) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, name(lane) + " was never reset: reset all lanes first");
    }
  }

  /**
   * Takes one action on every lane, and resets lanes as the mode says.
   *
   * @param actions a batch of N of the space's types and shapes
   * @param into for N lanes with {@link #rowBytes}
   * @throws GymException before any lane has moved: FAILED_PRECONDITION where a lane wants a reset,
   *     INVALID_ARGUMENT for an action outside its space; and what the environments throw
   */
  void step(Value actions, StepBuffers into) {
    if (batch == null || !batch.takes(actions) || !allMayStep()) {
      for (int lane = 0; lane < envs.length; lane++) {
        chosen[lane] = actions.row(lane);
        check(lane, lane);
      }
    }
    begin(envs.length);
    if (batch == null) {
      stepOneByOne(into);
    } else {
      stepTogether(batch, actions, into);
    }
  }

  /**
   * As {@link #step} for some lanes, one by one; the others stay where they are. Everything, infos
   * and last observations too, is in the order of {@code some}.
   *
   * @param some each once
   * @param actions a batch of as many
   * @param into for as many lanes, without observations
   * @return their observations
   */
  Value stepSome(int[] some, Value actions, StepBuffers into) {
    for (int row = 0; row < some.length; row++) {
      chosen[row] = actions.row(row);
      check(row, some[row]);
    }
    begin(some.length);
    int row = 0;
    long started = System.nanoTime();
    try {
      for (; row < some.length; row++) {
        step(row, some[row], into);
      }
    } catch (Throwable e) {
      throw broken(e, some, some[row]);
    } finally {
      nanos = System.nanoTime() - started;
    }
    try {
      Value shown = Value.stack(Arrays.stream(some).mapToObj(lane -> last[lane]).toList());
      Finite.check(shown, "observations");
      return shown;
    } catch (IllegalArgumentException | GymException e) {
      throw broken(
          new IllegalStateException("the environments' " + e.getMessage(), e), some, some[0]);
    }
  }

  /**
   * The lanes' present observations, a batch of N.
   *
   * @throws GymException FAILED_PRECONDITION where a lane wants a reset
   */
  Value present() {
    List<Value> shown = new ArrayList<>();
    for (int lane = 0; lane < envs.length; lane++) {
      checkReady(lane);
      shown.add(batch == null ? last[lane] : batch.observation(lane));
    }
    return Value.stack(shown);
  }

  private void checkReady(int lane) {
    if (!ready[lane]) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, name(lane) + " wants a reset before its next step");
    }
  }

  /** Whether no lane has failed, or was never reset. */
  boolean allReady() {
    for (boolean each : ready) {
      if (!each) {
        return false;
      }
    }
    return true;
  }

  private boolean allMayStep() {
    for (int lane = 0; lane < envs.length; lane++) {
      if (!ready[lane] || (ended[lane] && autoresetMode == AutoresetMode.DISABLED)) {
        return false;
      }
    }
    return true;
  }

  private void stepTogether(EnvBatch together, Value actions, StepBuffers into) {
    int lane = 0;
    long started = System.nanoTime();
    try {
      together.step(actions.array(), autoresetMode, into);
      for (; lane < envs.length; lane++) {
        checkReward(into.rewards().getDouble(lane * Double.BYTES));
        ended[lane] = !together.running(lane);
      }
    } catch (Throwable e) {
      throw broken(e, lane);
    } finally {
      nanos = System.nanoTime() - started;
    }
    checkFinite(together.observations(into.observations(), envs.length), "observations");
    checkFinite(
        together.observations(into.finalObservations(), into.finals()), "last observations");
  }

  private void stepOneByOne(StepBuffers into) {
    int lane = 0;
    long started = System.nanoTime();
    try {
      for (; lane < envs.length; lane++) {
        step(lane, lane, into);
      }
    } catch (Throwable e) {
      throw broken(e, lane);
    } finally {
      nanos = System.nanoTime() - started;
    }
    gather();
  }

  private void check(int row, int lane) {
    checkReady(lane);
    if (ended[lane]) {
      if (autoresetMode == AutoresetMode.DISABLED) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "the episode of %s has ended: reset it by reset_mask before stepping"
                .formatted(name(lane)));
      }
      return;
    }
    String mismatch = spec.actionSpace().whyNot(chosen[row]);
    if (mismatch != null) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "action of %s: %s".formatted(name(lane), mismatch));
    }
  }

  private void step(int row, int lane, StepBuffers into) {
    Env env = envs[lane];
    if (ended[lane]) {
      take(row, lane, env.reset());
      into.put(row, 0, false, false);
      ended[lane] = false;
      return;
    }
    Env.Step step = env.step(chosen[row]);
    checkReward(step.reward());
    into.put(row, step.reward(), step.terminated(), step.truncated());
    boolean ends = step.terminated() || step.truncated();
    if (ends && autoresetMode == AutoresetMode.SAME_STEP) {
      Finite.check(step.observation(), "the last observation");
      finals.add(step.observation());
      if (infoMode != InfoMode.INFO_MODE_NONE) {
        finalInfos.put(row, step.info());
      }
      take(row, lane, env.reset());
    } else {
      last[lane] = step.observation();
      ended[lane] = ends;
      keep(row, step.info());
    }
  }

  private void take(int row, int lane, Env.Reset reset) {
    last[lane] = reset.observation();
    keep(row, reset.info());
  }

  private void keep(int row, Map<String, Object> info) {
    if (infoMode == InfoMode.INFO_MODE_ALL) {
      infos.put(row, info);
    } else if (infoMode == InfoMode.INFO_MODE_LANES) {
      laneInfos.set(row, info);
    }
  }

  private void begin(int count) {
    rows = count;
    infos = new VectorInfo(count);
    Collections.fill(laneInfos, Map.of());
    finalInfos = new VectorInfo(count);
    finals.clear();
  }

  private void gather() {
    for (int lane = 0; batch != null && lane < envs.length; lane++) {
      last[lane] = batch.observation(lane);
    }
    try {
      Value stacked = Value.stack(Arrays.asList(last));
      checkFinite(stacked, "observations");
      observations = stacked;
    } catch (IllegalArgumentException e) {
      throw broken(new IllegalStateException("the environments' " + e.getMessage(), e), 0);
    }
  }

  private void checkFinite(Value shown, String what) {
    try {
      Finite.check(shown, what);
    } catch (GymException e) {
      throw broken(new IllegalStateException("the environments' " + e.getMessage(), e), 0);
    }
  }

  private static void checkReward(double reward) {
    if (!Double.isFinite(reward)) {
      throw new IllegalStateException(
          "the environment returned the reward " + reward + ", which is not finite");
    }
  }

  /**
   * What the given lanes show: texts in the mode {@code ansi}, pictures otherwise.
   *
   * @throws GymException what the environments throw
   */
  List<@Nullable Object> render(int[] lanes, String mode) {
    return inEach(
        lanes, lane -> mode.equals("ansi") ? envs[lane].renderText() : envs[lane].render());
  }

  /**
   * What a method of the given lanes' environments returns, or the value of an attribute. The lanes
   * stay as they are, but for what the method does.
   *
   * @throws GymException INVALID_ARGUMENT for an unknown name or wrong arguments; what the method
   *     throws
   */
  List<@Nullable Object> call(
      String name, List<@Nullable Object> args, Map<String, Object> kwargs, int[] lanes) {
    return inEach(lanes, lane -> envs[lane].attributes().call(name, args, kwargs));
  }

  /**
   * Sets an attribute of all lanes' environments, to one value each; where a value is refused, the
   * lanes before have theirs.
   *
   * @throws GymException INVALID_ARGUMENT for an unknown name or a value that does not fit
   */
  void setAttribute(String name, List<@Nullable Object> values) {
    inEach(
        IntStream.range(0, envs.length).toArray(),
        lane -> {
          envs[lane].attributes().set(name, values.get(lane));
          return null;
        });
  }

  private List<@Nullable Object> inEach(int[] lanes, IntFunction<@Nullable Object> action) {
    List<@Nullable Object> results = new ArrayList<>();
    long started = System.nanoTime();
    try {
      for (int lane : lanes) {
        results.add(action.apply(lane));
      }
      return results;
    } catch (GymException e) {
      throw e;
    } catch (Throwable e) {
      throw Statuses.raised(name(lanes[results.size()]), e);
    } finally {
      nanos = System.nanoTime() - started;
    }
  }

  /** A lane's environment, to be saved or restored; then see {@link #restored}. */
  Env env(int lane) {
    return envs[lane];
  }

  /** A lane's last observation; FAILED_PRECONDITION where it wants a reset. */
  Value last(int lane) {
    if (!ready[lane]) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, name(lane) + " wants a reset before its state is saved");
    }
    return batch == null ? last[lane] : batch.observation(lane);
  }

  /** Whether a lane's episode has ended and it was not reset yet. */
  boolean ended(int lane) {
    return ended[lane];
  }

  /** Whether lanes will have an observation once some of them are restored. */
  void checkRestorable(int[] restored) {
    boolean[] will = new boolean[envs.length];
    for (int lane : restored) {
      will[lane] = true;
    }
    for (int lane = 0; lane < envs.length; lane++) {
      if (!will[lane] && last[lane] == null) {
        throw new GymException(
            Kind.FAILED_PRECONDITION, name(lane) + " was never reset: reset or restore all lanes");
      }
    }
  }

  /** Environments were put into other states: lane by lane, what it last showed. */
  void restored(int[] lanes, List<Value> shown, boolean[] over) {
    for (int i = 0; i < lanes.length; i++) {
      last[lanes[i]] = shown.get(i);
      ended[lanes[i]] = over[i];
      ready[lanes[i]] = true;
    }
    gather();
  }

  /** Closes the environments, whatever they throw. */
  void close() {
    for (Env env : envs) {
      closeQuietly(env);
    }
  }

  static void closeQuietly(Env env) {
    try {
      env.close();
    } catch (RuntimeException e) {
      log.warn("an environment failed to close: {}", Failures.brief(e));
    }
  }

  /** What an environment threw; after this all lanes want a reset. */
  GymException broken(Throwable error, int lane) {
    Arrays.fill(ready, false);
    return raised(error, lane);
  }

  private GymException broken(Throwable error, int[] moved, int lane) {
    for (int each : moved) {
      ready[each] = false;
    }
    return raised(error, lane);
  }

  private GymException raised(Throwable error, int lane) {
    return error instanceof GymException gym ? gym : Statuses.raised(name(lane), error);
  }

  private String name(int lane) {
    return "lane " + (firstLane + lane);
  }
}
