package io.gymbridge.core.wrappers;

import io.gymbridge.core.Attributes;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Passes everything on to another environment: what a subclass does not override stays as it is.
 */
public abstract class Wrapper implements Env {
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

  @Override
  public void close() {
    env.close();
  }
}
