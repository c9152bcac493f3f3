package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every Java environment, through the bridge and in this process: bit for bit the same. */
class ServedRolloutTest {
  private static final int STEPS = 1_000;
  private static final int LANES = 3;

  private static Served server;

  @BeforeAll
  static void serve() {
    server = Served.of(ServeOptions.DEFAULTS.withWorkers(2), Served.javaEnvironments());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  static Stream<String> ids() {
    return Envs.ids().stream();
  }

  @ParameterizedTest
  @MethodSource("ids")
  void rollout_of_one_shard_equals_one_in_this_process(String id) {
    roll(id, AutoresetMode.NEXT_STEP, 1);
  }

  @ParameterizedTest
  @MethodSource("ids")
  void rollout_of_two_shards_equals_one_in_this_process(String id) {
    roll(id, AutoresetMode.SAME_STEP, 2);
  }

  private static void roll(String id, AutoresetMode mode, int shards) {
    SessionOptions options =
        SessionOptions.DEFAULTS.withNumEnvs(LANES).withAutoresetMode(mode).withMaxShards(shards);
    try (VectorEnv local = new SyncVectorEnv(() -> Envs.make(id), LANES, mode);
        RemoteVectorEnv remote = RemoteVectorEnv.connect(server.address(), id, options)) {
      assertEquals(shards, remote.numShards());
      assertEquals(local.spec(), remote.spec());
      assertEquals(local.reset(5), remote.reset(5));
      Random random = new Random(1);
      for (int i = 0; i < STEPS; i++) {
        Value actions = sample(local, random);
        assertSame(local.step(actions), remote.step(actions));
      }
    }
  }

  private static Value sample(VectorEnv env, Random random) {
    List<Value> actions = new ArrayList<>();
    for (int lane = 0; lane < LANES; lane++) {
      actions.add(env.spec().actionSpace().sample(random));
    }
    return Value.stack(actions);
  }

  private static void assertSame(VectorEnv.Step expected, VectorEnv.Step actual) {
    assertEquals(expected.observations(), actual.observations());
    assertArrayEquals(expected.rewards(), actual.rewards());
    assertArrayEquals(expected.terminated(), actual.terminated());
    assertArrayEquals(expected.truncated(), actual.truncated());
    assertEquals(expected.infos(), actual.infos());
    assertEquals(expected.finalObservations(), actual.finalObservations());
    assertEquals(expected.finalInfos(), actual.finalInfos());
  }
}
