package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.testing.EnvContract;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RemoteEnvTest extends EnvContract {
  private static ManagedServer server;

  @BeforeAll
  static void serve() {
    server = TestServers.serve(1, "CartPole-v1");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  protected Env make() {
    return RemoteEnv.connect(server.address(), "CartPole-v1");
  }

  @Test
  void spec_is_gymnasiums() {
    try (Env env = make()) {
      assertEquals("CartPole-v1", env.spec().id());
      assertEquals(500, env.spec().maxEpisodeSteps());
      assertEquals(475.0, env.spec().rewardThreshold().orElseThrow());
      assertEquals("Discrete(2)", env.spec().actionSpace().toString());
      assertEquals(List.of("human", "rgb_array"), env.spec().metadata().get("render_modes"));
    }
  }

  @Test
  void action_outside_the_space_is_refused_with_what_was_expected() {
    try (Env env = make()) {
      env.reset(1);
      GymException refusal =
          assertThrows(GymException.class, () -> env.step(NdArray.of(new long[] {2})));
      assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
      assertTrue(refusal.getMessage().contains("got 2, expected one of 0 … 1"));
      env.step(NdArray.of(new long[] {1}));
    }
  }

  @Test
  void environment_that_is_closed_says_so() {
    Env env = make();
    env.close();
    GymException refusal = assertThrows(GymException.class, env::reset);
    assertEquals(Kind.FAILED_PRECONDITION, refusal.kind());
    assertTrue(refusal.getMessage().contains("closed"));
  }
}
