package io.gymbridge.envs;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.StatefulEnv;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the environments of this package share: a spec, a generator, and a state that is saved. */
abstract class LocalEnv implements StatefulEnv {
  /** Of the layout of every environment's fields; raised when one of them changes. */
  static final int STATE_VERSION = 2;

  final NumpyRandom random = new NumpyRandom(System.nanoTime());
  private final EnvSpec spec;

  LocalEnv(EnvSpec spec) {
    this.spec = spec;
  }

  @Override
  public final EnvSpec spec() {
    return spec;
  }

  @Override
  public final Reset reset(@Nullable Long seed, Map<String, ?> options) {
    if (seed != null) {
      random.seed(seed);
    }
    return begin(options);
  }

  /** Begins an episode with the generator as it is. */
  abstract Reset begin(Map<String, ?> options);

  /** All that changes between steps, but for the generator. */
  abstract void exchange(EnvState state);

  @Override
  public final byte[] saveState() {
    return EnvState.save(spec.id(), STATE_VERSION, this::exchangeAll);
  }

  @Override
  public final void restoreState(byte[] state) {
    EnvState.restore(state, spec.id(), STATE_VERSION, this::exchangeAll);
  }

  private void exchangeAll(EnvState state) {
    random.exchange(state);
    exchange(state);
  }

  @Override
  public void close() {}
}
