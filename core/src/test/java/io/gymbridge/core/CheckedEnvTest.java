package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.testing.CountingEnv;
import io.gymbridge.core.testing.EnvContract;
import org.junit.jupiter.api.Test;

class CheckedEnvTest extends EnvContract {
  @Override
  protected Env make() {
    return CountingEnv.truncating();
  }

  @Test
  void picture_before_the_first_reset_is_refused() {
    Env env = make();
    assertEquals(Kind.FAILED_PRECONDITION, assertThrows(GymException.class, env::render).kind());
    env.reset(1);
    assertNull(env.render());
  }
}
