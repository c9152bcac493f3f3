package io.gymbridge.server;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
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
 * The environments of one shard and what they last returned. What the accessors give is valid until
 * the next call. One caller at a time.
 *
 * <p>Where an environment fails, the other lanes may have moved already: then all of them want a
 * reset.
 */
final class Lanes {
  private static final Logger log = LoggerFactory.getLogger(Lanes.class);

  private final Env[] envs;
  private final EnvSpec spec;
  private final AutoresetMode autoresetMode;
  private final InfoMode infoMode;
  private final int firstLane;
  private final Value[] last;
  private final Value[] chosen;
  private final double[] rewards;
  private final boolean[] terminated;
  private final boolean[] truncated;
  private final boolean[] ready;
  private final boolean[] ended;
  private final List<Value> finals = new ArrayList<>();
  private @Nullable Value observations;
  private VectorInfo infos;
  private final List<Map<String, Object>> laneInfos;
  private VectorInfo finalInfos;
  private long nanos;

  /**
   * Takes environments over.
   *
   * @param infoMode not UNSPECIFIED
   * @param firstLane number of the first one in its session, for messages
   */
  Lanes(List<Env> envs, AutoresetMode autoresetMode, InfoMode infoMode, int firstLane) {
    this.envs = envs.toArray(Env[]::new);
    this.spec = envs.get(0).spec();
    this.autoresetMode = autoresetMode;
    this.infoMode = infoMode;
    this.firstLane = firstLane;
    int n = envs.size();
    last = new Value[n];
    chosen = new Value[n];
    rewards = new double[n];
    terminated = new boolean[n];
    truncated = new boolean[n];
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

  /** What is kept of the environments' infos. */
  InfoMode infoMode() {
    return infoMode;
  }

  /** A batch of N. */
  Value observations() {
    if (observations == null) {
      throw new IllegalStateException("no lane was reset yet");
    }
    return observations;
  }

  double[] rewards() {
    return rewards;
  }

  boolean[] terminated() {
    return terminated;
  }

  boolean[] truncated() {
    return truncated;
  }

  /** In vector form; empty but for {@link InfoMode#INFO_MODE_ALL}. */
  Map<String, Object> infos() {
    return infos.toMap();
  }

  /** Lane by lane; empty but for {@link InfoMode#INFO_MODE_LANES}. */
  List<Map<String, Object>> laneInfos() {
    return Collections.unmodifiableList(laneInfos);
  }

  /** SAME_STEP: the last observations of the lanes that ended now, in lane order. */
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

  /**
   * Begins episodes.
   *
   * @param seeds null for none
   * @param seeded where seeds count; null for everywhere
   * @param lanes which to reset; null for all
   * @param options lane by lane
   * @throws GymException INVALID_ARGUMENT for some of the lanes only in a mode that resets them by
   *     itself, FAILED_PRECONDITION where a lane to be left alone has no episode; what the
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
    begin();
    int lane = 0;
    long started = System.nanoTime();
    try {
      for (; lane < envs.length; lane++) {
        if (lanes == null || lanes[lane]) {
          Long seed = seeds == null || (seeded != null && !seeded[lane]) ? null : seeds[lane];
          take(lane, envs[lane].reset(seed, options.get(lane)));
          rewards[lane] = 0;
          terminated[lane] = false;
          truncated[lane] = false;
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
    if (autoresetMode != AutoresetMode.DISABLED) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "a partial reset needs a session in AUTORESET_MODE_DISABLED, this one is in "
              + autoresetMode);
    }
    if (last[lane] == null) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, name(lane) + " was never reset: reset all lanes first");
    }
  }

  /**
   * Takes one action on every lane, and resets lanes as the mode says.
   *
   * @param actions a batch of N of the space's types and shapes
   * @throws GymException before any lane has moved: FAILED_PRECONDITION where a lane wants a reset,
   *     INVALID_ARGUMENT for an action outside its space; and what the environments throw
   */
  void step(Value actions) {
    for (int lane = 0; lane < envs.length; lane++) {
      chosen[lane] = actions.row(lane);
      check(lane);
    }
    begin();
    int lane = 0;
    long started = System.nanoTime();
    try {
      for (; lane < envs.length; lane++) {
        step(lane);
      }
    } catch (Throwable e) {
      throw broken(e, lane);
    } finally {
      nanos = System.nanoTime() - started;
    }
    gather();
  }

  private void check(int lane) {
    if (!ready[lane]) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, name(lane) + " wants a reset before its next step");
    }
    if (ended[lane]) {
      if (autoresetMode == AutoresetMode.DISABLED) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "the episode of %s has ended: reset it by reset_mask before stepping"
                .formatted(name(lane)));
      }
      return;
    }
    String mismatch = spec.actionSpace().whyNot(chosen[lane]);
    if (mismatch != null) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "action of %s: %s".formatted(name(lane), mismatch));
    }
  }

  private void step(int lane) {
    Env env = envs[lane];
    if (ended[lane]) {
      take(lane, env.reset());
      rewards[lane] = 0;
      terminated[lane] = false;
      truncated[lane] = false;
      ended[lane] = false;
      return;
    }
    Env.Step step = env.step(chosen[lane]);
    if (!Double.isFinite(step.reward())) {
      throw new IllegalStateException(
          "the environment returned the reward " + step.reward() + ", which is not finite");
    }
    rewards[lane] = step.reward();
    terminated[lane] = step.terminated();
    truncated[lane] = step.truncated();
    boolean ends = step.terminated() || step.truncated();
    if (ends && autoresetMode == AutoresetMode.SAME_STEP) {
      Finite.check(step.observation(), "the last observation");
      finals.add(step.observation());
      if (infoMode != InfoMode.INFO_MODE_NONE) {
        finalInfos.put(lane, step.info());
      }
      take(lane, env.reset());
    } else {
      last[lane] = step.observation();
      ended[lane] = ends;
      keep(lane, step.info());
    }
  }

  private void take(int lane, Env.Reset reset) {
    last[lane] = reset.observation();
    keep(lane, reset.info());
  }

  private void keep(int lane, Map<String, Object> info) {
    if (infoMode == InfoMode.INFO_MODE_ALL) {
      infos.put(lane, info);
    } else if (infoMode == InfoMode.INFO_MODE_LANES) {
      laneInfos.set(lane, info);
    }
  }

  private void begin() {
    infos = new VectorInfo(envs.length);
    Collections.fill(laneInfos, Map.of());
    finalInfos = new VectorInfo(envs.length);
    finals.clear();
  }

  private void gather() {
    try {
      Value batch = Value.stack(Arrays.asList(last));
      Finite.check(batch, "observations");
      observations = batch;
    } catch (RuntimeException e) {
      throw broken(new IllegalStateException("the environments' " + e.getMessage(), e), 0);
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
    return last[lane];
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
    return error instanceof GymException gym ? gym : Statuses.raised(name(lane), error);
  }

  private String name(int lane) {
    return "lane " + (firstLane + lane);
  }
}
