package io.gymbridge.core.wrappers;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SavedLanes;
import io.gymbridge.core.StatefulVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Passes everything on to another batch: what a subclass does not override stays as it is.
 *
 * <p>A lane's saved state is that of the batch inside, what the wrapper keeps of the lane, and what
 * its lanes share, see {@link #exchange}. Where the batch cannot save, neither can it.
 */
public abstract class VectorWrapper implements StatefulVectorEnv {
  /** Of the layout of every wrapper's fields here; raised when one of them changes. */
  private static final int STATE_VERSION = 1;

  /** The batch inside. */
  protected final VectorEnv env;

  protected VectorWrapper(VectorEnv env) {
    this.env = env;
  }

  @Override
  public int numEnvs() {
    return env.numEnvs();
  }

  @Override
  public EnvSpec spec() {
    return env.spec();
  }

  @Override
  public AutoresetMode autoresetMode() {
    return env.autoresetMode();
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    return env.reset(seeds, lanes, options);
  }

  @Override
  public Step step(Value actions) {
    return env.step(actions);
  }

  @Override
  public List<@Nullable NdArray> render(int... lanes) {
    return env.render(lanes);
  }

  /** All of the wrapper's own that changes after it was made: one lane's, and what lanes share. */
  protected abstract void exchange(EnvState state, int lane);

  /** What the wrapper makes of a batch of restored observations. */
  protected Value shown(Value observations) {
    return observations;
  }

  @Override
  public final byte[][] saveStates(int... lanes) {
    int[] chosen = SavedLanes.chosen(numEnvs(), lanes);
    byte[][] inner = StatefulVectorEnv.of(env).saveStates(chosen);
    byte[][] own = SavedLanes.save(name(), STATE_VERSION, chosen, this::exchange);
    byte[][] states = new byte[chosen.length][];
    for (int i = 0; i < states.length; i++) {
      byte[][] halves = {inner[i], own[i]};
      states[i] =
          EnvState.save("VectorWrapper", STATE_VERSION, state -> exchangeHalves(state, halves));
    }
    return states;
  }

  @Override
  public final Value restoreStates(byte[][] states, int... lanes) {
    int[] chosen = SavedLanes.chosen(numEnvs(), lanes);
    byte[][] inner = new byte[states.length][];
    byte[][] own = new byte[states.length][];
    for (int i = 0; i < states.length; i++) {
      byte[][] halves = {{}, {}};
      EnvState.restore(
          states[i], "VectorWrapper", STATE_VERSION, state -> exchangeHalves(state, halves));
      inner[i] = halves[0];
      own[i] = halves[1];
    }
    byte[][] before = SavedLanes.save(name(), STATE_VERSION, chosen, this::exchange);
    SavedLanes.restore(own, name(), STATE_VERSION, chosen, this::exchange);
    try {
      return shown(StatefulVectorEnv.of(env).restoreStates(inner, chosen));
    } catch (GymException e) {
      SavedLanes.restore(before, name(), STATE_VERSION, chosen, this::exchange);
      throw e;
    }
  }

  private String name() {
    return getClass().getSimpleName();
  }

  /** A lane's state in two halves: that of the batch inside, and the wrapper's own. */
  private static void exchangeHalves(EnvState state, byte[][] halves) {
    halves[0] = state.bytes(halves[0]);
    halves[1] = state.bytes(halves[1]);
  }

  @Override
  public void close() {
    env.close();
  }
}
