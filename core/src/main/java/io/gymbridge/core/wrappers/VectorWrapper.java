package io.gymbridge.core.wrappers;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Passes everything on to another batch: what a subclass does not override stays as it is. */
public abstract class VectorWrapper implements VectorEnv {
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

  @Override
  public void close() {
    env.close();
  }
}
