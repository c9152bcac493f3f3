package io.gymbridge.core.wrappers;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.CountingEnv;
import io.gymbridge.core.testing.VectorEnvContract;

/** Several wrappers around one batch keep its contract. */
class VectorWrapperContractTest extends VectorEnvContract {
  @Override
  protected VectorEnv make(int numEnvs, AutoresetMode mode) {
    VectorEnv env = new SyncVectorEnv(CountingEnv::terminating, numEnvs, mode);
    env = new VectorRecordEpisodeStatistics(env, () -> 0);
    return new VectorFlattenObservation(new VectorFrameStackObservation(env, 3));
  }
}
