package io.gymbridge.client;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StatefulEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An environment in another process. It fails as {@link RemoteVectorEnv} does; a step in which the
 * environment was lost with its process throws UNAVAILABLE, and a reset goes on in another one. Not
 * thread-safe, but for {@link #close}.
 */
public final class RemoteEnv implements StatefulEnv {
  private final RemoteVectorEnv lane;
  private boolean everReset;
  private boolean running;

  private RemoteEnv(RemoteVectorEnv lane) {
    this.lane = lane;
  }

  /** Makes an environment with {@link SessionOptions#DEFAULTS}. */
  public static RemoteEnv connect(String address, String envId) {
    return connect(address, envId, SessionOptions.DEFAULTS);
  }

  /**
   * Makes an environment on a server.
   *
   * @param options its number of lanes and autoreset mode make no difference
   * @throws GymException as {@link RemoteVectorEnv#connect(String, String, SessionOptions)}
   */
  public static RemoteEnv connect(String address, String envId, SessionOptions options) {
    return new RemoteEnv(
        RemoteVectorEnv.connect(
            address, envId, options.withNumEnvs(1).withAutoresetMode(AutoresetMode.DISABLED)));
  }

  @Override
  public EnvSpec spec() {
    return lane.spec();
  }

  /** Nanoseconds spent inside the environment for the last call. */
  public long lastEnvironmentNanos() {
    return lane.lastEnvironmentNanos();
  }

  /** As {@link RemoteVectorEnv#bridgeStats}. */
  public BridgeStats bridgeStats() {
    return lane.bridgeStats();
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    VectorEnv.Reset reset = lane.reset(seed == null ? null : new long[] {seed}, options);
    everReset = true;
    running = true;
    return new Reset(reset.observations().row(0), VectorInfos.ofLane(reset.infos(), 0));
  }

  @Override
  public Step step(Value action) {
    if (everReset && !running) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, "the episode has ended: call reset before step");
    }
    String mismatch = everReset ? spec().actionSpace().whyNot(action) : null;
    if (mismatch != null) {
      throw new GymException(Kind.INVALID_ARGUMENT, "action: " + mismatch);
    }
    VectorEnv.Step step = lane.step(Value.stack(List.of(action)));
    running = !step.ended(0) && !step.lost()[0];
    if (step.lost()[0]) {
      throw new GymException(
          Kind.UNAVAILABLE,
          "the environment was lost in mid-episode: %s. Call reset to go on in a new one"
              .formatted(VectorInfos.ofLane(step.infos(), 0).get(VectorEnv.Step.LOSS)));
    }
    return new Step(
        step.observations().row(0),
        step.rewards()[0],
        step.terminated()[0],
        step.truncated()[0],
        VectorInfos.ofLane(step.infos(), 0));
  }

  @Override
  public @Nullable NdArray render() {
    return lane.render(0).get(0);
  }

  @Override
  public byte[] saveState() {
    return lane.saveStates(0)[0];
  }

  @Override
  public void restoreState(byte[] state) {
    lane.restoreStates(new byte[][] {state}, 0);
    everReset = true;
    running = true;
  }

  /** Calls a method of the environment, or reads an attribute; see {@link RemoteVectorEnv#call}. */
  public @Nullable Object call(String name, List<?> args, Map<String, ?> kwargs) {
    return lane.call(name, args, kwargs, 0).get(0);
  }

  /** Sets an attribute of the environment; see {@link RemoteVectorEnv#setAttribute}. */
  public void setAttribute(String name, @Nullable Object value) {
    lane.setAttribute(name, Collections.singletonList(value));
  }

  @Override
  public void close() {
    lane.close();
  }
}
