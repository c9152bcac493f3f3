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
public final class SyncVectorEnv implements VectorEnv {
  private final List<Env> envs;
  private final AutoresetMode autoresetMode;
  private final boolean[] resetting;
  private final Value[] last;
  private boolean everReset;

  /**
   * Makes {@code numEnvs} environments with {@code maker}, with NEXT_STEP or SAME_STEP autoreset.
   */
  public SyncVectorEnv(Supplier<Env> maker, int numEnvs, AutoresetMode autoresetMode) {
    if (numEnvs < 1) {
      throw new IllegalArgumentException("numEnvs must be at least 1, got " + numEnvs);
    }
    this.envs = new ArrayList<>();
    for (int lane = 0; lane < numEnvs; lane++) {
      envs.add(maker.get());
    }
    this.autoresetMode = autoresetMode;
    this.resetting = new boolean[numEnvs];
    this.last = new Value[numEnvs];
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
  public Reset reset(long @Nullable [] seeds, Map<String, ?> options) {
    if (seeds != null && seeds.length != numEnvs()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got %d seeds for %d environments".formatted(seeds.length, numEnvs()));
    }
    VectorInfo infos = new VectorInfo(numEnvs());
    for (int lane = 0; lane < numEnvs(); lane++) {
      Env.Reset reset = envs.get(lane).reset(seeds == null ? null : seeds[lane], options);
      last[lane] = reset.observation();
      infos.put(lane, reset.info());
      resetting[lane] = false;
    }
    everReset = true;
    return new Reset(Value.stack(List.of(last)), infos.toMap());
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
      if (resetting[lane]) {
        Env.Reset reset = env.reset();
        last[lane] = reset.observation();
        infos.put(lane, reset.info());
        resetting[lane] = false;
        continue;
      }
      Env.Step step = env.step(actions.row(lane));
      last[lane] = step.observation();
      rewards[lane] = step.reward();
      terminated[lane] = step.terminated();
      truncated[lane] = step.truncated();
      boolean ended = step.terminated() || step.truncated();
      if (ended && autoresetMode == AutoresetMode.SAME_STEP) {
        finals.add(step.observation());
        finalInfos.put(lane, step.info());
        Env.Reset reset = env.reset();
        last[lane] = reset.observation();
        infos.put(lane, reset.info());
      } else {
        infos.put(lane, step.info());
        resetting[lane] = ended && autoresetMode == AutoresetMode.NEXT_STEP;
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

  /** A wrong action stops the step before any lane has moved. */
  private void checkAll(Value actions) {
    for (int lane = 0; lane < numEnvs(); lane++) {
      if (!resetting[lane]) {
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
  public void close() {
    envs.forEach(Env::close);
  }
}
