package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.VectorEnv;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user sees when something is wrong, and what works afterwards. */
class RemoteFailuresTest {
  private static final SessionOptions TWO = SessionOptions.DEFAULTS.withNumEnvs(2);
  private static ManagedServer server;

  @BeforeAll
  static void serve() {
    server =
        TestServers.serve(
            2,
            "CartPole-v1",
            "Pendulum-v1",
            ":counting",
            ":raises_in_step",
            ":raises_in_constructor",
            ":hangs_in_step",
            ":image");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RemoteVectorEnv open(String id, SessionOptions options) {
    return RemoteVectorEnv.connect(
        server.address(), id.startsWith(":") ? "envs_for_tests" + id : id, options);
  }

  private static GymException failure(Kind kind, Runnable call) {
    GymException failure = assertThrows(GymException.class, call::run);
    assertEquals(kind, failure.kind(), failure.getMessage());
    return failure;
  }

  private static void assertSays(GymException failure, String... parts) {
    for (String part : parts) {
      assertTrue(failure.getMessage().contains(part), failure.getMessage());
    }
  }

  @Test
  void no_server_at_the_address_names_it_and_the_command_that_starts_one(@TempDir Path directory) {
    String address = "unix:" + directory.resolve("nobody.sock");
    assertSays(
        failure(Kind.UNAVAILABLE, () -> RemoteVectorEnv.connect(address, "CartPole-v1")),
        "nobody answers at " + address,
        "python -m gymbridge serve-env CartPole-v1 --address " + address);
    assertSays(
        failure(Kind.UNAVAILABLE, () -> RemotePolicy.connect("127.0.0.1:1/walker")),
        "nobody answers at 127.0.0.1:1",
        "serve-policy");
  }

  @Test
  void address_that_is_none_says_what_one_looks_like() {
    assertSays(
        failure(Kind.INVALID_ARGUMENT, () -> RemoteVectorEnv.connect("localhost", "X")),
        "unix:PATH or HOST:PORT");
  }

  @Test
  void unknown_id_names_the_closest() {
    assertSays(failure(Kind.NOT_FOUND, () -> open("CartPole-v2", TWO)), "CartPole-v1");
  }

  @Test
  void keyword_argument_that_is_not_allowed_is_refused() {
    failure(Kind.PERMISSION_DENIED, () -> open(":counting", TWO.withKwargs(Map.of("length", 2))));
  }

  @Test
  void server_says_what_it_offers() {
    RemoteEnvironments offered = RemoteEnvironments.list(server.address());
    assertEquals("CartPole-v1", offered.environments().get(0).envId());
    assertTrue(offered.serverVersion().startsWith("gymbridge-python"));
    failure(Kind.UNIMPLEMENTED, () -> RemotePolicies.list(server.address()));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void bad_actions_are_refused_and_no_lane_moves(int shards) {
    try (VectorEnv env = open(":counting", TWO.withMaxShards(shards))) {
      env.reset(1);
      assertSays(
          failure(Kind.INVALID_ARGUMENT, () -> env.step(NdArray.of(new long[] {1, 7}, 2))), "7");
      assertSays(
          failure(Kind.INVALID_ARGUMENT, () -> env.step(NdArray.of(new double[2], 2))),
          "got float64[2], expected int64[2]");
      assertSays(
          failure(Kind.INVALID_ARGUMENT, () -> env.step(NdArray.of(new long[2], 2, 1))),
          "got int64[2, 1], expected int64[2]");
      assertEquals(
          NdArray.of(new float[] {1, 1, 1, 2}, 2, 2),
          env.step(NdArray.of(new long[2], 2)).observations());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void step_before_reset_is_refused_and_a_reset_mends_it(int shards) {
    try (VectorEnv env = open(":counting", TWO.withMaxShards(shards))) {
      NdArray actions = NdArray.of(new long[2], 2);
      assertSays(failure(Kind.FAILED_PRECONDITION, () -> env.step(actions)), "call reset");
      env.reset(1);
      env.step(actions);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void nan_is_refused(int shards) {
    try (VectorEnv env = open("Pendulum-v1", TWO.withMaxShards(shards))) {
      env.reset(1);
      failure(Kind.INVALID_ARGUMENT, () -> env.step(NdArray.of(new float[] {0, Float.NaN}, 2, 1)));
      failure(Kind.INVALID_ARGUMENT, () -> env.step(NdArray.of(new float[] {0, 3}, 2, 1)));
      env.step(NdArray.of(new float[] {0, 1}, 2, 1));
    }
  }

  @Test
  void constructors_error_arrives_with_its_traceback() {
    GymException failure =
        failure(Kind.ENVIRONMENT, () -> open(":raises_in_constructor", SessionOptions.DEFAULTS));
    assertSays(failure, "this environment cannot be made");
    assertTrue(failure.traceback().orElseThrow().contains("envs_for_tests.py"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void steps_error_arrives_with_its_traceback_and_a_reset_mends_it(int shards) {
    try (VectorEnv env = open(":raises_in_step", TWO.withMaxShards(shards))) {
      NdArray actions = NdArray.of(new long[2], 2);
      env.reset(1);
      env.step(actions);
      env.step(actions);
      GymException failure = failure(Kind.ENVIRONMENT, () -> env.step(actions));
      assertSays(failure, "the third step always fails");
      assertTrue(failure.traceback().orElseThrow().contains("envs_for_tests.py"));
      assertSays(failure(Kind.FAILED_PRECONDITION, () -> env.step(actions)), "reset");
      env.reset(2);
      assertEquals(NdArray.of(new float[] {1, 2, 1, 3}, 2, 2), env.step(actions).observations());
    }
  }

  @Test
  void answer_above_the_limit_names_the_limit() {
    try (VectorEnv env = open(":image", TWO.withMaxShards(1).withMaxMessageBytes(10_000))) {
      assertSays(failure(Kind.RESOURCE_EXHAUSTED, () -> env.reset(1)), "10000");
    }
    assertAnotherSessionWorks();
  }

  @Test
  void interrupt_ends_the_wait() throws InterruptedException {
    try (VectorEnv env = open(":hangs_in_step", TWO.withMaxShards(1))) {
      NdArray actions = NdArray.of(new long[2], 2);
      env.reset(1);
      env.step(actions);
      GymException[] seen = new GymException[1];
      Thread thread =
          new Thread(() -> seen[0] = assertThrows(GymException.class, () -> env.step(actions)));
      thread.start();
      while (thread.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      thread.interrupt();
      thread.join();
      assertSays(seen[0], "interrupted");
    }
  }

  @Test
  void server_that_cannot_start_says_why() {
    assertSays(
        failure(Kind.UNAVAILABLE, () -> TestServers.serve(1, "NoSuchEnv-v0").close()), "NoSuchEnv");
  }

  private static void assertAnotherSessionWorks() {
    try (VectorEnv env = open("CartPole-v1", TWO)) {
      env.reset(1);
      assertEquals(2, env.step(NdArray.of(new long[2], 2)).rewards().length);
    }
  }

  @Test
  void python_policy_answers(@TempDir Path directory) throws java.io.IOException {
    Path file = directory.resolve("leaning.py");
    Files.writeString(
        file,
        """
        import numpy as np

        def act(observations):
            return (observations[:, 2] > 0).astype(np.int64)
        """);
    try (ManagedServer policies =
            PythonServers.servePolicy(file + ":act", "CartPole-v1", List.of(), Map.of());
        Policy policy = RemotePolicy.connect(policies.address())) {
      NdArray observations = NdArray.of(new float[] {0, 0, 1, 0, 0, 0, -1, 0}, 2, 4);
      assertEquals(NdArray.of(new long[] {1, 0}, 2), policy.act(observations, true));
    }
  }
}
