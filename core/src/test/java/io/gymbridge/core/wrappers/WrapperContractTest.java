package io.gymbridge.core.wrappers;

import io.gymbridge.core.Env;
import io.gymbridge.core.testing.CountingEnv;
import io.gymbridge.core.testing.EnvContract;

/** Several wrappers around one environment keep its contract. */
class WrapperContractTest extends EnvContract {
  @Override
  protected Env make() {
    Env env = new RecordEpisodeStatistics(CountingEnv.terminating(), () -> 0);
    return new FlattenObservation(new FrameStackObservation(env, 3));
  }
}
