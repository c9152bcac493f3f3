package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers that die or hang in mid-episode: what is lost, what is not, and what comes back. */
@Timeout(120)
class LossTest {
  private static final SessionOptions FOUR = SessionOptions.DEFAULTS.withNumEnvs(4);
  private static final SessionOptions REPLAYED = FOUR.withRecovery(Recovery.REPLAY);
  private static final String COUNTING = "envs_for_tests:counting";

  /** The processes that have lanes, or wait for some. */
  private static Set<ProcessHandle> workers() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().commandLine().orElse("").contains("gymbridge.env.worker"))
        .collect(Collectors.toSet());
  }

  /** A session all of whose workers can be told from others'. */
  private record Session(RemoteVectorEnv env, List<ProcessHandle> workers)
      implements AutoCloseable {
    static Session open(ManagedServer server, String id, SessionOptions options) {
      RemoteVectorEnv env = RemoteVectorEnv.connect(server.address(), id, options);
      return new Session(env, List.copyOf(LossTest.workers()));
    }

    void kill(int worker) {
      workers.get(worker).destroyForcibly();
      workers.get(worker).onExit().join();
    }

    @Override
    public void close() {
      env.close();
    }
  }

  private static GymException failure(Kind kind, Runnable call) {
    GymException failure = assertThrows(GymException.class, call::run);
    assertEquals(kind, failure.kind(), failure.getMessage());
    return failure;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void killed_worker_loses_its_lanes_and_no_others(int worker) {
    try (ManagedServer server = TestServers.serve(2, "CartPole-v1");
        Session session = Session.open(server, "CartPole-v1", FOUR);
        ManagedServer other = TestServers.serve(2, "CartPole-v1");
        VectorEnv reference = RemoteVectorEnv.connect(other.address(), "CartPole-v1", FOUR)) {
      Twins twins = new Twins(reference, session.env(), 3);
      twins.steps(30);
      session.kill(worker);
      List<Integer> lost = twins.stepsUntilLoss();
      assertTrue(List.of(List.of(0, 1), List.of(2, 3)).contains(lost), lost.toString());
    }
  }

  @Test
  void lost_lane_begins_an_episode_with_a_seed_of_its_own_and_says_why() {
    try (ManagedServer server = TestServers.serve(2, ":counting");
        Session session = Session.open(server, COUNTING, FOUR)) {
      NdArray actions = NdArray.of(new long[] {1, 1, 1, 1}, 4);
      session.env().reset(10);
      session.env().step(actions);
      session.kill(0);
      VectorEnv.Step step = session.env().step(actions);
      int lane = step.lost()[0] ? 0 : 2;
      assertEquals(
          NdArray.of(new float[] {0, Restarts.seedAfterLoss(10 + lane, 1)}, 2),
          step.observations().row(lane));
      assertEquals(
          NdArray.of(new float[] {2, 10 + (2 - lane)}, 2), step.observations().row(2 - lane));
      Map<String, Object> info = VectorInfos.ofLane(step.infos(), lane);
      assertTrue(String.valueOf(info.get(VectorEnv.Step.LOSS)).contains("killed by signal 9"));
      step = session.env().step(actions);
      assertEquals(1, step.rewards()[lane]);
      assertEquals(false, step.lost()[lane]);
    }
  }

  @Test
  void worker_that_dies_between_two_calls_is_noticed_by_the_next() {
    try (ManagedServer server = TestServers.serve(1, ":counting");
        Session session = Session.open(server, COUNTING, FOUR.withRenderMode("ansi"))) {
      RemoteVectorEnv env = session.env();
      env.reset(1);
      session.kill(0);
      assertTrue(failure(Kind.UNAVAILABLE, () -> env.render(0)).getMessage().contains("lost"));
      assertTrue(env.step(NdArray.of(new long[4], 4)).lost()[3]);
      assertEquals(List.of("count=0"), env.renderItems(1));
    }
  }

  @Test
  void reset_that_hits_a_lost_worker_is_done_in_the_new_one() {
    try (ManagedServer server = TestServers.serve(1, ":counting");
        Session session = Session.open(server, COUNTING, FOUR)) {
      session.env().reset(1);
      session.kill(0);
      assertEquals(
          NdArray.of(new float[] {0, 5, 0, 6, 0, 7, 0, 8}, 4, 2),
          session.env().reset(5).observations());
      VectorEnv.Step step = session.env().step(NdArray.of(new long[4], 4));
      assertEquals(false, step.lost()[0]);
    }
  }

  @Test
  void lanes_that_a_partial_reset_found_lost_are_told_by_the_next_step() {
    SessionOptions disabled = FOUR.withAutoresetMode(AutoresetMode.DISABLED);
    try (ManagedServer server = TestServers.serve(1, ":counting");
        Session session = Session.open(server, COUNTING, disabled)) {
      RemoteVectorEnv env = session.env();
      NdArray actions = NdArray.of(new long[] {2, 2, 2, 2}, 4);
      env.reset(1);
      env.step(actions);
      session.kill(0);
      boolean[] mask = {true, false, false, false};
      Value observations = env.reset(new long[] {9, 9, 9, 9}, mask, Map.of()).observations();
      assertEquals(NdArray.of(new float[] {0, 9}, 2), observations.row(0));
      VectorEnv.Step step = env.step(actions);
      assertEquals(List.of(false, true), List.of(step.lost()[0], step.lost()[1]));
      assertEquals(List.of(2.0, 0.0), List.of(step.rewards()[0], step.rewards()[1]));
      assertEquals(NdArray.of(new float[] {1, 9}, 2), step.observations().row(0));
      assertEquals(
          NdArray.of(new float[] {0, Restarts.seedAfterLoss(2, 1)}, 2), step.observations().row(1));
    }
  }

  @Test
  void single_environment_says_that_it_was_lost_and_a_reset_goes_on() {
    try (ManagedServer server = TestServers.serve(1, ":kills_itself");
        RemoteEnv env = RemoteEnv.connect(server.address(), "envs_for_tests:kills_itself")) {
      Value action = NdArray.of(new long[] {1});
      env.reset(4);
      env.step(action);
      env.step(action);
      GymException lost = failure(Kind.UNAVAILABLE, () -> env.step(action));
      assertTrue(lost.getMessage().contains("killed by signal 9"), lost.getMessage());
      assertTrue(lost.getMessage().contains("Call reset"), lost.getMessage());
      failure(Kind.FAILED_PRECONDITION, () -> env.step(action));
      env.reset(4);
      assertEquals(1, env.step(action).reward());
    }
  }

  @Test
  void hanging_worker_is_replaced_in_time() {
    SessionOptions options =
        FOUR.withMaxShards(1).withStepTimeout(Duration.ofSeconds(1)).withNumEnvs(2);
    try (ManagedServer server = TestServers.serve(1, ":hangs_in_step");
        VectorEnv env =
            RemoteVectorEnv.connect(server.address(), "envs_for_tests:hangs_in_step", options)) {
      NdArray actions = NdArray.of(new long[2], 2);
      env.reset(1);
      env.step(actions);
      VectorEnv.Step step = env.step(actions);
      assertTrue(step.lost()[0] && step.lost()[1]);
      assertEquals(1, env.step(actions).observations().row(1).array().getDouble(0));
    }
  }

  @Test
  void episodes_that_were_cut_are_played_again() {
    try (ManagedServer server = TestServers.serve(2, ":counting");
        Session session = Session.open(server, COUNTING, FOUR)) {
      int[] calls = {0};
      List<Trajectory> episodes =
          EpisodeLoop.play(
              session.env(),
              (observations, active) -> {
                if (calls[0]++ == 7) {
                  session.kill(0);
                }
                return NdArray.of(new long[] {1, 1, 1, 1}, 4);
              },
              12,
              1,
              episode -> {});
      assertEquals(12, episodes.size());
      for (Trajectory episode : episodes) {
        assertEquals(5, episode.length());
        assertEquals(5, episode.episodeReturn());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"NEXT_STEP", "SAME_STEP"})
  void replayed_worker_goes_on_bit_for_bit(AutoresetMode mode) {
    SessionOptions options = REPLAYED.withAutoresetMode(mode);
    try (ManagedServer server = TestServers.serve(2, "CartPole-v1");
        Session session = Session.open(server, "CartPole-v1", options);
        ManagedServer other = TestServers.serve(2, "CartPole-v1");
        VectorEnv reference = RemoteVectorEnv.connect(other.address(), "CartPole-v1", options)) {
      Twins twins = new Twins(reference, session.env(), 5);
      twins.steps(50);
      session.kill(0);
      twins.steps(50);
      session.kill(1);
      twins.steps(50);
    }
  }

  /** The log is begun anew every few steps, from a saved state; NEXT_STEP's dummies among them. */
  @ParameterizedTest
  @ValueSource(strings = {"NEXT_STEP", "SAME_STEP"})
  void saved_states_take_the_place_of_what_led_to_them(AutoresetMode mode) {
    SessionOptions options = FOUR.withAutoresetMode(mode);
    try (ManagedServer server = TestServers.serve(2, "CartPole-v1");
        Session session =
            Session.open(server, "CartPole-v1", options.withRecovery(new Recovery(true, 7)));
        ManagedServer other = TestServers.serve(2, "CartPole-v1");
        VectorEnv reference = RemoteVectorEnv.connect(other.address(), "CartPole-v1", options)) {
      Twins twins = new Twins(reference, session.env(), 5);
      twins.steps(61);
      session.kill(0);
      twins.steps(40);
      session.kill(1);
      twins.steps(40);
    }
  }

  @Test
  void lost_lanes_can_be_restored_to_a_saved_state() {
    try (ManagedServer server = TestServers.serve(1, "CartPole-v1");
        Session session = Session.open(server, "CartPole-v1", FOUR)) {
      RemoteVectorEnv env = session.env();
      NdArray actions = NdArray.of(new long[] {0, 1, 0, 1}, 4);
      env.reset(1);
      Value before = env.step(actions).observations();
      byte[][] states = env.saveStates();
      Value after = env.step(actions).observations();
      session.kill(0);
      assertEquals(before, env.restoreStates(states));
      VectorEnv.Step step = env.step(actions);
      assertEquals(after, step.observations());
      assertEquals(false, step.lost()[0]);
    }
  }

  @Test
  void hanging_worker_is_replayed(@TempDir Path directory) {
    SessionOptions options =
        REPLAYED
            .withNumEnvs(2)
            .withMaxShards(1)
            .withStepTimeout(Duration.ofSeconds(1))
            .withKwargs(Map.of("marker", directory.resolve("hung").toString()));
    try (ManagedServer server =
            TestServers.serve(1, List.of("--allow-kwargs", "marker"), ":hangs_once");
        VectorEnv env =
            RemoteVectorEnv.connect(server.address(), "envs_for_tests:hangs_once", options)) {
      env.reset(1);
      for (int step = 1; step <= 4; step++) {
        assertEquals(
            NdArray.of(new float[] {step, 1, step, 2}, 2, 2),
            env.step(NdArray.of(new long[2], 2)).observations());
      }
    }
  }

  @Test
  void step_that_always_kills_its_process_is_not_replayed_for_ever() {
    try (ManagedServer server = TestServers.serve(1, ":kills_itself");
        VectorEnv env =
            RemoteVectorEnv.connect(
                server.address(), "envs_for_tests:kills_itself", REPLAYED.withNumEnvs(1))) {
      NdArray actions = NdArray.of(new long[1], 1);
      env.reset(1);
      env.step(actions);
      env.step(actions);
      VectorEnv.Step step = env.step(actions);
      assertTrue(step.lost()[0]);
      String why = String.valueOf(VectorInfos.ofLane(step.infos(), 0).get(VectorEnv.Step.LOSS));
      assertTrue(why.contains("replayed, 3 times"), why);
    }
  }

  @Test
  void replay_that_goes_another_way_loses_the_lanes() {
    try (ManagedServer server = TestServers.serve(1, ":unrepeatable");
        Session session =
            Session.open(server, "envs_for_tests:unrepeatable", REPLAYED.withNumEnvs(1))) {
      NdArray actions = NdArray.of(new long[1], 1);
      session.env().reset(1);
      session.env().step(actions);
      session.kill(0);
      VectorEnv.Step step = session.env().step(actions);
      assertTrue(step.lost()[0]);
      String why = String.valueOf(VectorInfos.ofLane(step.infos(), 0).get(VectorEnv.Step.LOSS));
      assertTrue(why.contains("went another way at call 1 of 2"), why);
    }
  }

  @Test
  void lanes_that_never_had_a_seed_cannot_be_replayed() {
    try (ManagedServer server = TestServers.serve(1, ":counting");
        Session session = Session.open(server, COUNTING, REPLAYED)) {
      session.env().reset();
      session.kill(0);
      VectorEnv.Step step = session.env().step(NdArray.of(new long[4], 4));
      assertTrue(step.lost()[0]);
      String why = String.valueOf(VectorInfos.ofLane(step.infos(), 0).get(VectorEnv.Step.LOSS));
      assertTrue(why.contains("never reset with seeds"), why);
    }
  }

  @Test
  void another_client_that_takes_the_session_is_not_fought() throws Exception {
    try (ManagedServer server = TestServers.serve(1, ":counting");
        RemoteVectorEnv env = RemoteVectorEnv.connect(server.address(), COUNTING, FOUR)) {
      env.reset(1);
      try (SessionThief thief = new SessionThief(env.session())) {
        thief.attached().get(20, TimeUnit.SECONDS);
        GymException taken = failure(Kind.UNAVAILABLE, () -> env.step(NdArray.of(new long[4], 4)));
        assertTrue(taken.getMessage().contains("another client has attached"));
      }
    }
  }
}
