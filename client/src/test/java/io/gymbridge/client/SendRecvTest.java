package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.client.FaultyProxy.Fault;
import io.gymbridge.core.AsyncVectorEnv.Received;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Steps of some lanes, while others are under way. */
@Timeout(120)
class SendRecvTest {
  private static final String COUNTING = "envs_for_tests:counting";
  private static final String OBEYS = "envs_for_tests:obeys";
  private static final long WAIT = 1;
  private static final long DIE = 2;
  private static final SessionOptions FOUR =
      SessionOptions.DEFAULTS.withNumEnvs(4).withResendInterval(Duration.ofMillis(50));

  private static ManagedServer server;

  @BeforeAll
  static void serve() {
    server = TestServers.serve(2, "CartPole-v1", ":counting", ":raises_in_step");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RemoteVectorEnv connect(String id, SessionOptions options) {
    return RemoteVectorEnv.connect(server.address(), id, options);
  }

  private static NdArray actions(long... chosen) {
    return NdArray.of(chosen, chosen.length);
  }

  /** What each lane has observed. */
  private static Map<Integer, Value> rows(Received received) {
    Map<Integer, Value> rows = new HashMap<>();
    for (int row = 0; row < received.envIds().length; row++) {
      rows.put(received.envIds()[row], received.step().observations().row(row));
    }
    return rows;
  }

  private static Value row(float count, float seed) {
    return NdArray.of(new float[] {count, seed}, 2);
  }

  private static GymException failure(Kind kind, Runnable call) {
    GymException failure = assertThrows(GymException.class, call::run);
    assertEquals(kind, failure.kind(), failure.getMessage());
    return failure;
  }

  /** One half steps while the other is under way; both must do what all do together. */
  private static void assertHalvesStepAsTogether(
      VectorEnv reference, RemoteVectorEnv tested, int rounds, long seed) {
    assertHalvesStepAsTogether(reference, tested, rounds, seed, new int[][] {{0, 2}, {3, 1}});
  }

  private static void assertHalvesStepAsTogether(
      VectorEnv reference, RemoteVectorEnv tested, int rounds, long seed, int[][] halves) {
    Random random = new Random(seed);
    assertEquals(reference.reset(seed).observations(), tested.reset(seed).observations());
    List<VectorEnv.Step> expected = new ArrayList<>();
    int[] received = new int[reference.numEnvs()];
    for (int round = 0; round < rounds; round++) {
      List<Value> chosen = new ArrayList<>();
      for (int lane = 0; lane < reference.numEnvs(); lane++) {
        chosen.add(reference.spec().actionSpace().sample(random));
      }
      Value actions = Value.stack(chosen);
      expected.add(reference.step(actions));
      for (int[] half : halves) {
        while (IntStream.of(half).anyMatch(lane -> received[lane] < expected.size() - 1)) {
          compare(expected, received, tested.recv(1));
        }
        tested.send(actions.take(half), half);
      }
    }
    while (tested.underWay() > 0) {
      compare(expected, received, tested.recv(tested.underWay()));
    }
    assertTrue(IntStream.of(received).allMatch(count -> count == rounds));
  }

  private static void compare(List<VectorEnv.Step> expected, int[] received, Received actual) {
    int finals = 0;
    for (int row = 0; row < actual.envIds().length; row++) {
      int lane = actual.envIds()[row];
      VectorEnv.Step step = expected.get(received[lane]++);
      assertEquals(step.observations().row(lane), actual.step().observations().row(row));
      assertEquals(step.rewards()[lane], actual.step().rewards()[row]);
      assertEquals(step.terminated()[lane], actual.step().terminated()[row]);
      assertEquals(step.truncated()[lane], actual.step().truncated()[row]);
      assertFalse(actual.step().lost()[row]);
      if (step.finalObservations() != null && step.ended(lane)) {
        int before = (int) IntStream.range(0, lane).filter(step::ended).count();
        assertEquals(
            step.finalObservations().row(before),
            Objects.requireNonNull(actual.step().finalObservations()).row(finals++));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = AutoresetMode.class,
      names = {"NEXT_STEP", "SAME_STEP"})
  void halves_step_as_they_would_together(AutoresetMode mode) {
    SessionOptions options = FOUR.withAutoresetMode(mode);
    try (VectorEnv reference = connect("CartPole-v1", options);
        RemoteVectorEnv tested = connect("CartPole-v1", options)) {
      assertHalvesStepAsTogether(reference, tested, 200, 3);
    }
  }

  @Test
  void order_in_which_lanes_are_named_does_not_matter() {
    SessionOptions options = FOUR.withAutoresetMode(AutoresetMode.SAME_STEP);
    int[][] reversed = {{3, 2}, {1, 0}};
    int[][] mixed = {{2, 1, 3, 0}};
    try (VectorEnv reference = connect("CartPole-v1", options);
        RemoteVectorEnv tested = connect("CartPole-v1", options)) {
      assertHalvesStepAsTogether(reference, tested, 50, 3, reversed);
      assertHalvesStepAsTogether(reference, tested, 50, 4, mixed);
    }
  }

  @ParameterizedTest
  @EnumSource
  void faults_change_nothing(Fault fault, @TempDir Path directory) {
    int[] messages = {0};
    // What goes through shared memory does not pass the proxy.
    SessionOptions options =
        FOUR.withAutoresetMode(AutoresetMode.SAME_STEP).withTransport(Transport.GRPC);
    try (FaultyProxy proxy =
            new FaultyProxy(
                server.address(), directory, 60, request -> messages[0]++ % 9 == 4 ? fault : null);
        VectorEnv reference = connect("CartPole-v1", options);
        RemoteVectorEnv tested =
            RemoteVectorEnv.connect(
                proxy.address(),
                "CartPole-v1",
                options.withResendInterval(Duration.ofMillis(20)))) {
      assertHalvesStepAsTogether(reference, tested, 30, 1);
      assertTrue(proxy.counts().getOrDefault(fault, 0) >= 5);
    }
  }

  @ParameterizedTest
  @EnumSource
  void more_steps_than_the_window_wait_for_their_turn(Transport transport) {
    SessionOptions options =
        SessionOptions.DEFAULTS.withNumEnvs(40).withMaxShards(1).withTransport(transport);
    try (RemoteVectorEnv env = connect(COUNTING, options)) {
      env.reset(0);
      for (int round = 1; round <= 3; round++) {
        for (int lane = 0; lane < 40; lane++) {
          env.send(actions(lane % 3), lane);
        }
        Received all = env.recv(40);
        assertArrayEquals(IntStream.range(0, 40).toArray(), all.envIds());
        for (int lane = 0; lane < 40; lane++) {
          assertEquals(row(round, lane), all.step().observations().row(lane));
          assertEquals(lane % 3, all.step().rewards()[lane]);
        }
      }
    }
  }

  @Test
  void calls_that_do_not_go_together_are_refused() {
    try (RemoteVectorEnv env = connect(COUNTING, FOUR)) {
      failure(Kind.FAILED_PRECONDITION, () -> env.send(actions(0), 0));
      env.reset(0);
      assertTrue(
          failure(Kind.FAILED_PRECONDITION, () -> env.recv(1))
              .getMessage()
              .contains("0 are under way"));
      failure(Kind.INVALID_ARGUMENT, () -> env.send(actions(0), 4));
      failure(Kind.INVALID_ARGUMENT, () -> env.send(actions(0, 0), 1, 1));
      failure(Kind.INVALID_ARGUMENT, () -> env.send(actions(0, 0), 1));
      failure(Kind.INVALID_ARGUMENT, () -> env.send(actions(0, 7), 1, 2));
      env.send(actions(0, 0), 1, 2);
      failure(Kind.FAILED_PRECONDITION, () -> env.send(actions(0, 0), 0, 1));
      failure(Kind.FAILED_PRECONDITION, () -> env.step(actions(0, 0, 0, 0)));
      failure(Kind.FAILED_PRECONDITION, () -> env.saveStates());
      failure(Kind.FAILED_PRECONDITION, () -> env.recv(3));
      assertEquals(Map.of(1, row(1, 1), 2, row(1, 2)), rows(env.recv(2)));
      assertEquals(row(2, 1), env.step(actions(0, 0, 0, 0)).observations().row(1));
    }
  }

  @Test
  void a_reset_of_all_lanes_drops_what_is_under_way() {
    try (RemoteVectorEnv env = connect(COUNTING, FOUR)) {
      env.reset(0);
      env.send(actions(0, 0), 1, 2);
      assertEquals(row(0, 8), env.reset(5).observations().row(3));
      assertEquals(0, env.underWay());
      assertEquals(row(1, 5), env.step(actions(0, 0, 0, 0)).observations().row(0));
    }
  }

  @Test
  void an_error_is_thrown_once_and_the_others_results_are_kept() {
    SessionOptions options = FOUR.withAutoresetMode(AutoresetMode.DISABLED);
    try (RemoteVectorEnv env = connect("envs_for_tests:raises_in_step", options)) {
      env.reset(0);
      for (int i = 0; i < 2; i++) {
        env.send(actions(0), 3);
        env.recv(1);
      }
      env.send(actions(0, 0, 0), 0, 1, 3);
      GymException raised = failure(Kind.ENVIRONMENT, () -> env.recv(3));
      assertTrue(raised.getMessage().contains("third step always fails (lane 3)"));
      assertEquals(Map.of(0, row(1, 0), 1, row(1, 1)), rows(env.recv(2)));
      env.reset(null, new boolean[] {false, false, false, true}, Map.of());
      env.send(actions(0), 3);
      assertEquals(List.of(3), List.copyOf(rows(env.recv(1)).keySet()));
    }
  }

  /** Of four lanes in two processes that wait and die as they are told. */
  private static RemoteVectorEnv obeying(ManagedServer obeying, Path go, SessionOptions options) {
    RemoteVectorEnv env =
        RemoteVectorEnv.connect(
            obeying.address(),
            OBEYS,
            options.withKwargs(Map.of("go", go.toString(), "length", 9L)));
    env.reset(10);
    return env;
  }

  private static ManagedServer obedient() {
    return TestServers.serve(2, List.of("--allow-kwargs", "go,length"), ":obeys");
  }

  @Test
  void recv_does_not_wait_for_more_than_the_minimum(@TempDir Path directory) throws IOException {
    Path go = directory.resolve("go");
    try (ManagedServer obedient = obedient();
        RemoteVectorEnv env = obeying(obedient, go, FOUR)) {
      env.send(actions(WAIT, 0), 0, 2);
      assertEquals(Map.of(2, row(1, 12)), rows(env.recv(1)));
      env.send(actions(0, 0), 3, 2);
      assertEquals(Map.of(2, row(2, 12), 3, row(1, 13)), rows(env.recv(1)));
      assertEquals(1, env.underWay());
      Files.createFile(go);
      assertEquals(Map.of(0, row(1, 10)), rows(env.recv(1)));
    }
  }

  @Test
  void lost_lanes_are_told_of_once_each(@TempDir Path directory) {
    try (ManagedServer obedient = obedient();
        RemoteVectorEnv env = obeying(obedient, directory.resolve("go"), FOUR)) {
      Value fresh0 = row(0, (float) Restarts.seedAfterLoss(10, 1));
      Value fresh1 = row(0, (float) Restarts.seedAfterLoss(11, 1));
      env.step(actions(0, 0, 0, 0));
      // Lane 1 has no step under way when its process dies.
      env.send(actions(DIE, 0), 0, 2);
      Received received = env.recv(2);
      assertEquals(Map.of(0, fresh0, 2, row(2, 12)), rows(received));
      for (int row = 0; row < 2; row++) {
        assertEquals(received.envIds()[row] == 0, received.step().lost()[row]);
      }
      // Its next one takes no action.
      env.send(actions(0, 0), 1, 0);
      received = env.recv(2);
      assertEquals(
          Map.of(0, row(1, (float) Restarts.seedAfterLoss(10, 1)), 1, fresh1), rows(received));
      for (int row = 0; row < 2; row++) {
        assertEquals(received.envIds()[row] == 1, received.step().lost()[row]);
      }
      VectorEnv.Step step = env.step(actions(0, 0, 0, 0));
      assertArrayEquals(new boolean[4], step.lost());
      assertEquals(row(1, (float) Restarts.seedAfterLoss(11, 1)), step.observations().row(1));
    }
  }

  @Test
  void a_whole_step_tells_of_lanes_that_were_lost_before(@TempDir Path directory) {
    try (ManagedServer obedient = obedient();
        RemoteVectorEnv env = obeying(obedient, directory.resolve("go"), FOUR)) {
      env.send(actions(DIE), 0);
      env.recv(1);
      VectorEnv.Step step = env.step(actions(0, 0, 0, 0));
      assertArrayEquals(new boolean[] {false, true, false, false}, step.lost());
      assertEquals(row(1, (float) Restarts.seedAfterLoss(10, 1)), step.observations().row(0));
      assertEquals(row(0, (float) Restarts.seedAfterLoss(11, 1)), step.observations().row(1));
      assertEquals(row(1, 13), step.observations().row(3));
    }
  }

  @Test
  void replay_goes_on_with_all_steps_that_were_under_way(@TempDir Path directory)
      throws IOException {
    Path go = directory.resolve("go");
    SessionOptions replayed = FOUR.withMaxShards(1).withRecovery(new Recovery(true, 2));
    try (ManagedServer obedient = obedient();
        RemoteVectorEnv env = obeying(obedient, go, replayed)) {
      for (int round = 1; round <= 5; round++) {
        env.send(actions(0, 0), 3, 1);
        env.recv(2);
      }
      env.send(actions(WAIT), 0);
      env.send(actions(0, 0), 3, 1);
      env.send(actions(0), 2);
      ProcessHandle.current()
          .descendants()
          .filter(process -> process.info().commandLine().orElse("").contains("gymbridge.env.work"))
          .forEach(ProcessHandle::destroyForcibly);
      Files.createFile(go);
      Received received = env.recv(4);
      assertArrayEquals(new boolean[4], received.step().lost());
      assertArrayEquals(new int[] {0, 3, 1, 2}, received.envIds());
      assertEquals(
          Map.of(0, row(1, 10), 1, row(6, 11), 2, row(1, 12), 3, row(6, 13)), rows(received));
    }
  }
}
