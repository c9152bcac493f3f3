package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.DType;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Env;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.CountingEnv;
import io.gymbridge.core.testing.VectorEnvContract;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lanes spread over two workers. */
class RemoteVectorEnvTest extends VectorEnvContract {
  private static final String COUNTING = "envs_for_tests:counting";
  private static ManagedServer server;

  @BeforeAll
  static void serve() {
    server =
        TestServers.serve(
            2,
            List.of("--allow-kwargs", "length", "--allow-attributes", "length,has_wrapper_attr"),
            "CartPole-v1",
            ":counting",
            ":odd_infos",
            ":multi_spaces",
            ":multi_discrete",
            ":multi_binary",
            ":image",
            ":variable_size");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RemoteVectorEnv open(String id, int numEnvs, AutoresetMode mode) {
    return RemoteVectorEnv.connect(
        server.address(), id, SessionOptions.DEFAULTS.withNumEnvs(numEnvs).withAutoresetMode(mode));
  }

  @Override
  protected VectorEnv make(int numEnvs, AutoresetMode mode) {
    return open("CartPole-v1", numEnvs, mode);
  }

  @Test
  void lanes_are_spread_over_the_workers() {
    try (RemoteVectorEnv env = open("CartPole-v1", 3, AutoresetMode.NEXT_STEP)) {
      assertEquals(2, env.numShards());
      env.reset(1);
      assertTrue(env.lastEnvironmentNanos() > 0);
    }
    SessionOptions one = SessionOptions.DEFAULTS.withNumEnvs(3).withMaxShards(1);
    try (RemoteVectorEnv env = RemoteVectorEnv.connect(server.address(), "CartPole-v1", one)) {
      assertEquals(1, env.numShards());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NEXT_STEP", "SAME_STEP"})
  void steps_equal_a_local_environments(AutoresetMode mode) {
    VectorEnv local = new SyncVectorEnv(CountingEnv::terminating, 3, mode);
    try (VectorEnv remote = open(COUNTING, 3, mode)) {
      assertEquals(local.reset(9).observations(), remote.reset(9).observations());
      Random random = new Random(1);
      for (int i = 0; i < 17; i++) {
        Value actions = sample(local, random);
        VectorEnv.Step expected = local.step(actions);
        VectorEnv.Step actual = remote.step(actions);
        assertEquals(expected.observations(), actual.observations());
        assertArrayEquals(expected.rewards(), actual.rewards());
        assertArrayEquals(expected.terminated(), actual.terminated());
        assertArrayEquals(expected.truncated(), actual.truncated());
        assertEquals(expected.finalObservations(), actual.finalObservations());
        assertEquals(counts(expected.infos()), counts(actual.infos()));
        assertEquals(counts(expected.finalInfos()), counts(actual.finalInfos()));
      }
    }
  }

  /** The infos' "count", be it a list or an array, where a lane has one. */
  private static List<Map<String, Object>> counts(Map<String, Object> infos) {
    return List.of(
        VectorInfos.ofLane(infos, 0), VectorInfos.ofLane(infos, 1), VectorInfos.ofLane(infos, 2));
  }

  @Test
  void episodes_do_not_depend_on_the_number_of_workers() {
    List<List<Trajectory>> played = new java.util.ArrayList<>();
    for (int shards = 1; shards <= 2; shards++) {
      SessionOptions options = SessionOptions.DEFAULTS.withNumEnvs(4).withMaxShards(shards);
      try (VectorEnv env = RemoteVectorEnv.connect(server.address(), "CartPole-v1", options)) {
        played.add(
            EpisodeLoop.play(
                env,
                (observations, active) -> actionsFor(env.spec().actionSpace(), observations),
                6,
                3,
                episode -> {}));
      }
    }
    assertEpisodesEqual(played.get(0), played.get(1));
  }

  @Test
  void seeds_and_options_reach_the_lanes_of_a_mask() {
    SessionOptions options =
        SessionOptions.DEFAULTS
            .withNumEnvs(3)
            .withAutoresetMode(AutoresetMode.DISABLED)
            .withKwargs(Map.of("length", 2));
    try (RemoteVectorEnv env = RemoteVectorEnv.connect(server.address(), COUNTING, options)) {
      NdArray actions = NdArray.of(new long[] {0, 1, 2}, 3);
      env.reset(new long[] {1, 2, 3}, Map.of("start", 1));
      env.step(actions);
      GymException refusal = assertThrows(GymException.class, () -> env.step(actions));
      assertEquals(Kind.FAILED_PRECONDITION, refusal.kind());
      env.reset(new long[] {7, 8, 9}, new boolean[] {true, false, true}, Map.of());
      refusal = assertThrows(GymException.class, () -> env.step(actions));
      assertTrue(refusal.getMessage().contains("lane 1"));
      assertEquals(
          NdArray.of(new float[] {0, 7, 0, 2, 0, 9}, 3, 2),
          env.reset(null, new boolean[] {false, true, false}, Map.of()).observations());
      assertEquals(3, env.step(actions).rewards().length);
    }
  }

  @Test
  void infos_of_every_kind_arrive() {
    try (RemoteVectorEnv env = open("envs_for_tests:odd_infos", 3, AutoresetMode.NEXT_STEP)) {
      env.reset(1);
      Map<String, Object> info =
          VectorInfos.ofLane(env.step(NdArray.of(new long[3], 3)).infos(), 2);
      assertEquals(1L, info.get("integer"));
      assertEquals(0.5, info.get("numpy_float"));
      assertEquals(false, info.get("flag"));
      assertEquals("step 1", info.get("text"));
      assertEquals(1.5, info.get("sometimes"));
      assertEquals(NdArray.ofLongs(DType.INT16, new long[] {1, 2, 3}, 3), info.get("array"));
      assertEquals(Map.of("real", 0.25, "deeper", Map.of("text", "x")), info.get("nested"));
      info = VectorInfos.ofLane(env.step(NdArray.of(new long[3], 3)).infos(), 0);
      assertEquals(false, info.containsKey("sometimes"));
    }
  }

  @Test
  void infos_are_left_out_when_not_wanted() {
    SessionOptions options = SessionOptions.DEFAULTS.withNumEnvs(2).withInfos(false);
    try (VectorEnv env =
        RemoteVectorEnv.connect(server.address(), "envs_for_tests:odd_infos", options)) {
      assertEquals(Map.of(), env.reset(1).infos());
      assertEquals(Map.of(), env.step(NdArray.of(new long[2], 2)).infos());
    }
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.ValueSource(
      strings = {"multi_spaces", "multi_discrete", "multi_binary", "image"})
  void composite_and_integer_spaces_cross_the_wire(String name) {
    try (RemoteVectorEnv env = open("envs_for_tests:" + name, 3, AutoresetMode.SAME_STEP)) {
      Random random = new Random(1);
      Value observations = env.reset(1).observations();
      for (int i = 0; i < 7; i++) {
        for (int lane = 0; lane < 3; lane++) {
          assertEquals(null, env.spec().observationSpace().whyNot(observations.row(lane)));
        }
        observations = env.step(sample(env, random)).observations();
      }
    }
  }

  @Test
  void values_that_vary_in_size_go_to_their_lanes_and_come_back() {
    try (RemoteVectorEnv env = open("envs_for_tests:variable_size", 3, AutoresetMode.SAME_STEP)) {
      Random random = new Random(1);
      Value observations = env.reset(1).observations();
      for (int i = 0; i < 30; i++) {
        for (int lane = 0; lane < 3; lane++) {
          assertEquals(null, env.spec().observationSpace().whyNot(observations.row(lane)));
        }
        Value actions = sample(env, random);
        VectorEnv.Step step = env.step(actions);
        observations = step.observations();
        int ended = 0;
        for (int lane = 0; lane < 3; lane++) {
          Value echo =
              step.ended(lane) && step.finalObservations() != null
                  ? step.finalObservations().row(ended++)
                  : observations.row(lane);
          assertEquals(actions.row(lane), echo);
        }
      }
    }
  }

  @Test
  void part_of_the_wrong_type_is_named() {
    SessionOptions one = SessionOptions.DEFAULTS.withNumEnvs(1);
    try (VectorEnv env =
        RemoteVectorEnv.connect(server.address(), "envs_for_tests:multi_spaces", one)) {
      env.reset(1);
      Value wrong =
          new DictValue(
              Map.of(
                  "turn", NdArray.of(new double[2], 1, 2), "gear", NdArray.of(new long[] {1}, 1)));
      GymException refusal = assertThrows(GymException.class, () -> env.step(wrong));
      assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
      assertTrue(
          refusal
              .getMessage()
              .startsWith("actions[\"turn\"]: got float64[1, 2], expected float32[1, 2]"));
    }
  }

  @Test
  void frames_come_in_the_order_asked_for() {
    SessionOptions options = SessionOptions.DEFAULTS.withNumEnvs(3).withRenderMode("rgb_array");
    try (VectorEnv env = RemoteVectorEnv.connect(server.address(), COUNTING, options)) {
      env.reset(1);
      env.step(NdArray.of(new long[3], 3));
      List<NdArray> frames = List.copyOf(env.render(2, 0));
      assertEquals(2, frames.size());
      assertArrayEquals(new int[] {4, 6, 3}, frames.get(0).shape());
      assertEquals(1, frames.get(1).getLong(0));
    }
    SessionOptions ansi = SessionOptions.DEFAULTS.withNumEnvs(1).withRenderMode("ansi");
    try (RemoteVectorEnv env = RemoteVectorEnv.connect(server.address(), COUNTING, ansi)) {
      env.reset(1);
      assertEquals(List.of("count=0"), env.renderItems(0));
      GymException refusal = assertThrows(GymException.class, () -> env.render(0));
      assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
    }
  }

  @Test
  void single_environment_renders() {
    SessionOptions options = SessionOptions.DEFAULTS.withRenderMode("rgb_array");
    try (Env env = RemoteEnv.connect(server.address(), COUNTING, options)) {
      env.reset(1);
      NdArray frame = env.render();
      assertArrayEquals(new int[] {4, 6, 3}, frame == null ? null : frame.shape());
    }
  }

  @Test
  void saved_lanes_go_on_from_where_they_were() {
    try (RemoteVectorEnv env = open("CartPole-v1", 3, AutoresetMode.NEXT_STEP)) {
      Random random = new Random(1);
      env.reset(1);
      Value actions = sample(env, random);
      Value before = env.step(actions).observations();
      byte[][] states = env.saveStates(2, 0);
      Value after = env.step(actions).observations();
      Value restored = env.restoreStates(states, 2, 0);
      assertEquals(before.row(0), restored.row(0));
      assertEquals(after.row(1), restored.row(1));
      assertEquals(before.row(2), restored.row(2));
      Value again = env.step(actions).observations();
      assertEquals(after.row(0), again.row(0));
      assertEquals(after.row(2), again.row(2));
      byte[][] damaged = {new byte[5]};
      GymException refusal = assertThrows(GymException.class, () -> env.restoreStates(damaged, 1));
      assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
    }
  }

  /** The last lane's shard has no part in the restoring. */
  @Test
  void lanes_of_other_shards_repeat_their_observations_when_one_is_restored() {
    try (RemoteVectorEnv env = open("CartPole-v1", 2, AutoresetMode.NEXT_STEP)) {
      Value first = env.reset(1).observations();
      byte[][] states = env.saveStates(0);
      Value stepped = env.step(NdArray.of(new long[2], 2)).observations();
      Value restored = env.restoreStates(states, 0);
      assertEquals(first.row(0), restored.row(0));
      assertEquals(stepped.row(1), restored.row(1));
    }
  }

  @Test
  void lanes_are_not_restored_where_the_other_shards_observations_are_not_known() {
    try (RemoteVectorEnv env = open(COUNTING, 2, AutoresetMode.NEXT_STEP)) {
      env.reset(1);
      byte[][] first = env.saveStates(0);
      byte[][] both = env.saveStates();
      NdArray actions = NdArray.of(new long[2], 2);
      env.send(actions);
      Value received = env.recv(2).step().observations();
      GymException refusal = assertThrows(GymException.class, () -> env.restoreStates(first, 0));
      assertEquals(Kind.FAILED_PRECONDITION, refusal.kind());
      assertTrue(refusal.getMessage().contains("lane 1"), refusal.getMessage());
      Value second = env.step(actions).observations();
      assertEquals(2, second.row(0).array().getDouble(0));
      env.send(actions);
      env.recv(2);
      env.restoreStates(both, 0, 1);
      assertEquals(received.row(0).array().getDouble(0), 1);
      assertEquals(1, env.step(actions).observations().row(0).array().getDouble(0));
    }
  }

  @Test
  void attributes_are_read_set_and_called_where_the_server_allows_it() {
    try (RemoteVectorEnv env = open(COUNTING, 3, AutoresetMode.NEXT_STEP)) {
      env.reset(1);
      env.setAttribute("length", List.of(2, 3, 4));
      assertEquals(List.of(4L, 2L), env.getAttribute("length", 2, 0));
      assertEquals(
          List.of(true, true, true),
          env.call("has_wrapper_attr", List.of(), Map.of("name", "length")));
      GymException refusal = assertThrows(GymException.class, () -> env.getAttribute("seed"));
      assertEquals(Kind.PERMISSION_DENIED, refusal.kind());
      assertTrue(env.step(NdArray.of(new long[3], 3)).rewards().length == 3);
    }
  }

  @Test
  void each_lane_may_have_options_of_its_own() {
    try (RemoteVectorEnv env = open(COUNTING, 2, AutoresetMode.NEXT_STEP)) {
      Value observations =
          env.reset(new long[] {5, 6}, null, List.of(Map.of("start", 1), Map.of("start", 3)))
              .observations();
      assertEquals(NdArray.of(new float[] {1, 5, 3, 6}, 2, 2), observations);
    }
  }
}
