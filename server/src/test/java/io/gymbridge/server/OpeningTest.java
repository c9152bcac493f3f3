package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.AutoresetMode;
import io.gymbridge.proto.v1.CloseSessionRequest;
import io.gymbridge.proto.v1.DescribeSessionRequest;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.ListEnvironmentsRequest;
import io.gymbridge.proto.v1.ListEnvironmentsResponse;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.Statuses;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Listing, opening, describing and closing sessions. */
class OpeningTest {
  private static final ServeOptions OPTIONS =
      ServeOptions.DEFAULTS.withNumEnvs(4).withMaxSessions(3).withMaxNumEnvs(100);

  private final Served server = Served.of(OPTIONS.withWorkers(2), Served.javaEnvironments());
  private final Client client = new Client(server.address());

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private static OpenSessionRequest.Builder cartPole() {
    return Client.lanes(0).setEnvId("CartPole-v1");
  }

  private void assertRefused(Kind kind, String message, OpenSessionRequest.Builder request) {
    GymException refusal =
        Statuses.decode(
            assertThrows(RuntimeException.class, () -> client.stub.openSession(request.build())));
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
  }

  private void close(OpenSessionResponse session) {
    CloseSessionRequest request =
        CloseSessionRequest.newBuilder().setSessionId(session.getSessionId()).build();
    assertEquals("", client.stub.closeSession(request).toString());
  }

  @Test
  void list_names_what_is_offered() {
    ListEnvironmentsResponse list =
        client.stub.listEnvironments(ListEnvironmentsRequest.getDefaultInstance());
    assertEquals("gymbridge-java 0.1.0", list.getServerVersion());
    assertEquals("Acrobot-v1", list.getEnvironments(0).getEnvId());
    assertEquals(4, list.getEnvironments(0).getDefaultNumEnvs());
    assertTrue(
        list.getEnvironmentsList().stream()
            .anyMatch(summary -> summary.getAllowedKwargsList().contains("is_slippery")));
  }

  @Test
  void health_is_served() {
    for (String name : List.of("", EnvironmentServiceGrpc.SERVICE_NAME)) {
      HealthCheckRequest request = HealthCheckRequest.newBuilder().setService(name).build();
      assertEquals(
          ServingStatus.SERVING,
          HealthGrpc.newBlockingStub(client.channel).check(request).getStatus());
    }
  }

  @Test
  void lanes_are_spread_evenly_over_the_shards() {
    OpenSessionResponse session = client.stub.openSession(cartPole().setNumEnvs(5).build());
    assertEquals(5, session.getNumEnvs());
    assertEquals(AutoresetMode.AUTORESET_MODE_NEXT_STEP, session.getAutoresetMode());
    assertEquals(2, session.getShardsCount());
    assertEquals(0, session.getShards(0).getFirstLane());
    assertEquals(3, session.getShards(0).getNumEnvs());
    assertEquals(3, session.getShards(1).getFirstLane());
    assertEquals(2, session.getShards(1).getNumEnvs());
    assertEquals("", session.getShards(0).getAddress());
    assertEquals(List.of("step_lanes", "save_state"), session.getCapabilitiesList());
    assertEquals(60, session.getLeaseSeconds());
    assertEquals(475, session.getSpec().getRewardThreshold());
    close(session);
    session = client.stub.openSession(cartPole().setMaxShards(1).build());
    assertEquals(1, session.getShardsCount());
    assertEquals(4, session.getNumEnvs());
    close(session);
  }

  @Test
  void what_cannot_be_opened_is_refused_with_a_reason() {
    assertRefused(Kind.FAILED_PRECONDITION, "revision 2", cartPole().setProtocolRevision(2));
    assertRefused(Kind.NOT_FOUND, "did you mean CartPole-v1", cartPole().setEnvId("CartPole-v2"));
    assertRefused(Kind.INVALID_ARGUMENT, "say which", cartPole().setEnvId(""));
    assertRefused(
        Kind.PERMISSION_DENIED,
        "--allow-kwargs gravity",
        cartPole().setKwargs(ItemCodec.encode(Map.of("gravity", 1.0), "kwargs")));
    assertRefused(
        Kind.INVALID_ARGUMENT,
        "sutton_barto_reward",
        cartPole().setKwargs(ItemCodec.encode(Map.of("sutton_barto_reward", "no"), "kwargs")));
    assertRefused(Kind.INVALID_ARGUMENT, "hologram", cartPole().setRenderMode("hologram"));
    assertRefused(Kind.RESOURCE_EXHAUSTED, "--max-num-envs", cartPole().setNumEnvs(101));
    assertRefused(Kind.RESOURCE_EXHAUSTED, "4294967295 lanes", cartPole().setNumEnvs(-1));
    assertRefused(Kind.UNIMPLEMENTED, "autoreset mode", cartPole().setAutoresetModeValue(9));
    assertRefused(Kind.INVALID_ARGUMENT, "info_mode 9", cartPole().setInfoModeValue(9));
    assertRefused(Kind.INVALID_ARGUMENT, "lease of -1", cartPole().setLeaseSeconds(-1));
    assertRefused(
        Kind.INVALID_ARGUMENT, "step timeout of NaN", cartPole().setStepTimeoutSeconds(Double.NaN));
  }

  @Test
  void allowed_keyword_arguments_reach_the_constructor() {
    OpenSessionResponse session =
        client.stub.openSession(
            Client.lanes(1)
                .setEnvId("FrozenLake-v1")
                .setKwargs(ItemCodec.encode(Map.of("map_name", "8x8"), "kwargs"))
                .build());
    assertEquals(64, session.getSpec().getObservationSpace().getDiscrete().getN());
    close(session);
  }

  @Test
  void session_too_large_for_a_message_is_refused() {
    try (Served small = Served.of(OPTIONS.withMaxMessageBytes(1000), Served.javaEnvironments());
        Client other = new Client(small.address())) {
      GymException refusal =
          Statuses.decode(
              assertThrows(
                  RuntimeException.class,
                  () -> other.stub.openSession(cartPole().setNumEnvs(63).build())));
      assertEquals(Kind.RESOURCE_EXHAUSTED, refusal.kind());
      assertTrue(refusal.getMessage().contains("takes 1008 bytes"), refusal.getMessage());
      assertEquals(62, other.stub.openSession(cartPole().setNumEnvs(62).build()).getNumEnvs());
    }
  }

  @Test
  void same_nonce_opens_one_session() {
    OpenSessionRequest request = cartPole().setNonce("n1").build();
    OpenSessionResponse session = client.stub.openSession(request);
    assertEquals(session, client.stub.openSession(request));
    close(session);
    OpenSessionResponse another = client.stub.openSession(request);
    assertTrue(!another.getSessionId().equals(session.getSessionId()));
    close(another);
  }

  @Test
  void description_is_what_opening_answered_until_the_session_ends() {
    OpenSessionResponse session = client.stub.openSession(cartPole().build());
    DescribeSessionRequest request =
        DescribeSessionRequest.newBuilder().setSessionId(session.getSessionId()).build();
    assertEquals(session, client.stub.describeSession(request));
    close(session);
    close(session);
    GymException gone =
        Statuses.decode(
            assertThrows(RuntimeException.class, () -> client.stub.describeSession(request)));
    assertEquals(Kind.NOT_FOUND, gone.kind());
  }

  @Test
  void sessions_are_limited_and_their_places_come_free() {
    try (Served few = Served.of(OPTIONS.withMaxSessions(2), Served.javaEnvironments());
        Client other = new Client(few.address())) {
      OpenSessionResponse first = other.stub.openSession(cartPole().build());
      assertEquals(4, other.stub.openSession(cartPole().build()).getNumEnvs());
      GymException refusal =
          Statuses.decode(
              assertThrows(
                  RuntimeException.class, () -> other.stub.openSession(cartPole().build())));
      assertEquals(Kind.RESOURCE_EXHAUSTED, refusal.kind());
      assertTrue(refusal.getMessage().contains("--max-sessions"));
      assertEquals(
          "",
          other
              .stub
              .closeSession(
                  CloseSessionRequest.newBuilder().setSessionId(first.getSessionId()).build())
              .toString());
      assertEquals(4, other.stub.openSession(cartPole().build()).getNumEnvs());
    }
  }

  @Test
  void constructor_that_throws_is_reported_with_its_stack_trace_and_leaves_no_session() {
    try (Served broken =
            Served.of(
                OPTIONS.withMaxSessions(1),
                List.of(
                    new ServedEnvironment(
                        "Broken",
                        kwargs -> {
                          throw new UnsupportedOperationException("no such simulator");
                        },
                        List.of(),
                        List.of(),
                        false)));
        Client other = new Client(broken.address())) {
      for (int i = 0; i < 3; i++) {
        GymException failure =
            Statuses.decode(assertThrows(RuntimeException.class, () -> other.open(2)));
        assertEquals(Kind.ENVIRONMENT, failure.kind());
        assertTrue(failure.getMessage().contains("no such simulator"), failure.getMessage());
        assertTrue(failure.traceback().orElseThrow().contains("OpeningTest"));
      }
    }
  }

  @Test
  void constructor_that_hangs_is_given_up_after_the_step_timeout() throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch making = new CountDownLatch(1);
    try (Served stuck =
            Served.timeless(
                OPTIONS.withMaxSessions(1).withStepTimeout(Duration.ofSeconds(5)),
                "Stuck",
                () -> {
                  making.countDown();
                  await(never);
                  return ScriptedEnv.ofLength(1);
                });
        Client other = new Client(stuck.address())) {
      Thread reaper =
          new Thread(
              () -> {
                await(making);
                stuck.pass(4);
                stuck.pass(2);
              });
      reaper.start();
      GymException failure =
          Statuses.decode(assertThrows(RuntimeException.class, () -> other.open(1)));
      assertEquals(Kind.UNAVAILABLE, failure.kind());
      assertTrue(failure.getMessage().contains("step timeout of 5.0 s"), failure.getMessage());
      reaper.join();
      never.countDown();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
