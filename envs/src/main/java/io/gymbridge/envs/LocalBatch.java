package io.gymbridge.envs;

import io.gymbridge.core.EnvBatch;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the environments of this package that move together share: a generator for each lane, and
 * states that are saved. Fields are arrays with an element per lane.
 */
abstract class LocalBatch extends EnvBatch {
  private final NumpyRandom[] randoms;

  LocalBatch(EnvSpec spec, int numEnvs) {
    super(spec, numEnvs);
    randoms = new NumpyRandom[numEnvs];
    for (int lane = 0; lane < numEnvs; lane++) {
      randoms[lane] = new NumpyRandom(System.nanoTime());
    }
  }

  @Override
  protected final void begin(int lane, @Nullable Long seed, Map<String, ?> options) {
    NumpyRandom random = randoms[lane];
    if (seed != null) {
      random.seed(seed);
    }
    begin(lane, random, options);
  }

  /** Begins a lane's episode with its generator as it is. */
  abstract void begin(int lane, NumpyRandom random, Map<String, ?> options);

  /** An array with the same value for each lane. */
  static double[] each(double value, int numEnvs) {
    double[] values = new double[numEnvs];
    Arrays.fill(values, value);
    return values;
  }

  /** All of a lane that changes between steps, but for the generator. */
  abstract void exchange(int lane, EnvState state);

  @Override
  protected abstract NdArray render(int lane);

  @Override
  protected final byte[] saveState(int lane) {
    return EnvState.save(spec().id(), LocalEnv.STATE_VERSION, state -> exchangeAll(lane, state));
  }

  @Override
  protected final void restoreState(int lane, byte[] saved) {
    EnvState.restore(saved, spec().id(), LocalEnv.STATE_VERSION, state -> exchangeAll(lane, state));
  }

  private void exchangeAll(int lane, EnvState state) {
    randoms[lane].exchange(state);
    exchange(lane, state);
  }
}
