package io.gymbridge.core;

import io.gymbridge.core.GymException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Steps N local environments one after the other, as Gymnasium's vector environment of that name
 * does.
 */
public final class SyncVectorEnv implements StatefulVectorEnv {
  /** Of the layout of a lane's fields, raised when they change. */
  private static final int STATE_VERSION = 1;

  private final List<Env> envs;
  private final AutoresetMode autoresetMode;
  private final boolean[] ended;
  private final Value[] last;
  private boolean everReset;

  /** Makes {@code numEnvs} environments with {@code maker}. */
  public SyncVectorEnv(Supplier<Env> maker, int numEnvs, AutoresetMode autoresetMode) {
    this(made(maker, numEnvs), autoresetMode);
  }

  /** Takes environments over. */
  SyncVectorEnv(List<Env> envs, AutoresetMode autoresetMode) {
    this.envs = envs;
    this.autoresetMode = autoresetMode;
    this.ended = new boolean[envs.size()];
    this.last = new Value[envs.size()];
  }

  private static List<Env> made(Supplier<Env> maker, int numEnvs) {
    if (numEnvs < 1) {
      throw new IllegalArgumentException("numEnvs must be at least 1, got " + numEnvs);
    }
    List<Env> envs = new ArrayList<>();
    for (int lane = 0; lane < numEnvs; lane++) {
      envs.add(maker.get());
    }
    return envs;
  }

  @Override
  public int numEnvs() {
    return envs.size();
  }

  @Override
  public EnvSpec spec() {
    return envs.get(0).spec();
  }

  @Override
  public AutoresetMode autoresetMode() {
    return autoresetMode;
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    checkLength(seeds == null ? numEnvs() : seeds.length, "seeds");
    checkLength(lanes == null ? numEnvs() : lanes.length, "lanes of the mask");
    VectorInfo infos = new VectorInfo(numEnvs());
    for (int lane = 0; lane < numEnvs(); lane++) {
      checkMayStay(lane, lanes);
    }
    for (int lane = 0; lane < numEnvs(); lane++) {
      if (lanes != null && !lanes[lane]) {
        continue;
      }
      Env.Reset reset = envs.get(lane).reset(seeds == null ? null : seeds[lane], options);
      last[lane] = reset.observation();
      infos.put(lane, reset.info());
      ended[lane] = false;
    }
    everReset = true;
    return new Reset(Value.stack(List.of(last)), infos.toMap());
  }

  private void checkLength(int length, String what) {
    if (length != numEnvs()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got %d %s for %d environments".formatted(length, what, numEnvs()));
    }
  }

  private void checkMayStay(int lane, boolean @Nullable [] lanes) {
    if (lanes == null || lanes[lane]) {
      return;
    }
    if (autoresetMode != AutoresetMode.DISABLED) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "a partial reset wants DISABLED autoreset, not " + autoresetMode);
    }
    if (!everReset) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, "lane " + lane + " was never reset: reset all lanes first");
    }
  }

  @Override
  public Step step(Value actions) {
    if (!everReset) {
      throw new GymException(Kind.FAILED_PRECONDITION, "call reset before the first step");
    }
    int n = numEnvs();
    if (actions.batchSize() != n) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got actions for %d environments, there are %d".formatted(actions.batchSize(), n));
    }
    checkAll(actions);
    double[] rewards = new double[n];
    boolean[] terminated = new boolean[n];
    boolean[] truncated = new boolean[n];
    VectorInfo infos = new VectorInfo(n);
    VectorInfo finalInfos = new VectorInfo(n);
    List<Value> finals = new ArrayList<>();
    for (int lane = 0; lane < n; lane++) {
      Env env = envs.get(lane);
      if (ended[lane]) {
        Env.Reset reset = env.reset();
        last[lane] = reset.observation();
        infos.put(lane, reset.info());
        ended[lane] = false;
        continue;
      }
      Env.Step step = env.step(actions.row(lane));
      last[lane] = step.observation();
      rewards[lane] = step.reward();
      terminated[lane] = step.terminated();
      truncated[lane] = step.truncated();
      boolean ends = step.terminated() || step.truncated();
      if (ends && autoresetMode == AutoresetMode.SAME_STEP) {
        finals.add(step.observation());
        finalInfos.put(lane, step.info());
        Env.Reset reset = env.reset();
        last[lane] = reset.observation();
        infos.put(lane, reset.info());
      } else {
        infos.put(lane, step.info());
        ended[lane] = ends;
      }
    }
    return new Step(
        Value.stack(List.of(last)),
        rewards,
        terminated,
        truncated,
        infos.toMap(),
        finals.isEmpty() ? null : Value.stack(finals),
        finalInfos.toMap());
  }

  /** A wrong action, or a lane that wants a reset, stops the step before any lane has moved. */
  private void checkAll(Value actions) {
    for (int lane = 0; lane < numEnvs(); lane++) {
      if (ended[lane] && autoresetMode == AutoresetMode.DISABLED) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "the episode of lane " + lane + " has ended: reset it before the next step");
      }
      if (!ended[lane]) {
        String mismatch = spec().actionSpace().whyNot(actions.row(lane));
        if (mismatch != null) {
          throw new GymException(Kind.INVALID_ARGUMENT, "action of lane " + lane + ": " + mismatch);
        }
      }
    }
  }

  @Override
  public List<@Nullable NdArray> render(int... lanes) {
    List<@Nullable NdArray> frames = new ArrayList<>();
    for (int lane : lanes) {
      frames.add(envs.get(lane).render());
    }
    return frames;
  }

  @Override
  public byte[][] saveStates(int... lanes) {
    checkReset();
    return SavedLanes.save(
        "SyncVectorEnv", STATE_VERSION, SavedLanes.chosen(numEnvs(), lanes), this::exchange);
  }

  @Override
  public Value restoreStates(byte[][] states, int... lanes) {
    int[] chosen = SavedLanes.chosen(numEnvs(), lanes);
    if (chosen.length < numEnvs()) {
      checkReset();
    }
    SavedLanes.restore(states, "SyncVectorEnv", STATE_VERSION, chosen, this::exchange);
    everReset = true;
    return Value.stack(List.of(last));
  }

  private void checkReset() {
    if (!everReset) {
      throw new GymException(Kind.FAILED_PRECONDITION, "some lanes were never reset: reset all");
    }
  }

  private void exchange(EnvState state, int lane) {
    state.inner(envs.get(lane));
    List<Value> shown =
        state.members(
            spec().observationSpace(), last[lane] == null ? List.of() : List.of(last[lane]));
    last[lane] = shown.isEmpty() ? last[lane] : shown.get(0);
    ended[lane] = state.flag(ended[lane]);
  }

  @Override
  public void close() {
    envs.forEach(Env::close);
  }
}
