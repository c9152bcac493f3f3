package io.gymbridge.core;

import io.gymbridge.core.testing.CountingEnv;
import io.gymbridge.core.testing.EnvContract;

class CheckedEnvTest extends EnvContract {
  @Override
  protected Env make() {
    return CountingEnv.truncating();
  }
}
