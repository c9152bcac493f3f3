package io.gymbridge.core.wrappers;

import io.gymbridge.core.Attributes;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StatefulEnv;
import io.gymbridge.core.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Passes everything on to another environment: what a subclass does not override stays as it is.
 *
 * <p>Its saved state is the environment's and its own, see {@link #exchange}. Where the environment
 * cannot save, neither can it.
 */
public abstract class Wrapper implements StatefulEnv {
  /** Of the layout of every wrapper's fields here; raised when one of them changes. */
  private static final int STATE_VERSION = 1;

  /** The environment inside. */
  protected final Env env;

  protected Wrapper(Env env) {
    this.env = env;
  }

  @Override
  public EnvSpec spec() {
    return env.spec();
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    return env.reset(seed, options);
  }

  @Override
  public Step step(Value action) {
    return env.step(action);
  }

  @Override
  public @Nullable NdArray render() {
    return env.render();
  }

  @Override
  public @Nullable String renderText() {
    return env.renderText();
  }

  @Override
  public Attributes attributes() {
    return env.attributes();
  }

  /** All of the wrapper's own that changes after it was made, for {@link #saveState}. */
  protected abstract void exchange(EnvState state);

  @Override
  public final byte[] saveState() {
    return EnvState.save(getClass().getSimpleName(), STATE_VERSION, this::exchangeAll);
  }

  @Override
  public final void restoreState(byte[] state) {
    EnvState.restore(state, getClass().getSimpleName(), STATE_VERSION, this::exchangeAll);
  }

  private void exchangeAll(EnvState state) {
    state.inner(env);
    exchange(state);
  }

  @Override
  public void close() {
    env.close();
  }
}
