package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.proto.v1.AttachResponse;
import io.gymbridge.proto.v1.CloseSessionRequest;
import io.gymbridge.proto.v1.DescribeSessionRequest;
import io.gymbridge.proto.v1.HeartbeatRequest;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.Shard;
import io.gymbridge.transport.Statuses;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/** Attaching, fencing, repeating, leases, time limits and ends. */
class ShardTest {
  private static final ServeOptions OPTIONS = ServeOptions.DEFAULTS.withWorkers(2);
  private static final InteractRequest HEARTBEAT =
      InteractRequest.newBuilder().setHeartbeat(HeartbeatRequest.getDefaultInstance()).build();

  private static Served counting() {
    return Served.timeless(OPTIONS, "Counting", () -> ScriptedEnv.ofLength(100));
  }

  private static float count(Client.Stream stream, InteractResponse step) {
    return ((NdArray) stream.observations(step.getStep().getObservations(), 1)).toFloats()[0];
  }

  private static InteractRequest.Builder reset() {
    return InteractRequest.newBuilder().setReset(ResetRequest.getDefaultInstance());
  }

  private static void assertEnds(Code code, String message, Client.Stream stream) {
    Status end = stream.end();
    assertEquals(code, end.getCode(), String.valueOf(end));
    assertTrue(String.valueOf(end.getDescription()).contains(message), String.valueOf(end));
  }

  private static void assertGone(Client client, OpenSessionResponse session) {
    DescribeSessionRequest request =
        DescribeSessionRequest.newBuilder().setSessionId(session.getSessionId()).build();
    GymException gone =
        Statuses.decode(
            assertThrows(RuntimeException.class, () -> client.stub.describeSession(request)));
    assertEquals(Kind.NOT_FOUND, gone.kind());
  }

  @Test
  void unknown_token_and_missing_attach_end_the_stream() {
    try (Served served = counting();
        Client client = new Client(served.address())) {
      OpenSessionResponse session = client.open(1);
      Client.Stream stranger = client.new Stream(session);
      stranger.send(
          InteractRequest.newBuilder()
              .setAttach(
                  io.gymbridge.proto.v1.AttachRequest.newBuilder().setToken("nonsense").build())
              .build());
      assertEnds(Code.NOT_FOUND, "no shard has this token", stranger);
      Client.Stream hasty = client.new Stream(session);
      hasty.send(reset().setSequence(1).build());
      assertEnds(Code.ABORTED, "must attach", hasty);
      assertTrue(client.attached(session, 0).reset().hasReset());
    }
  }

  @Test
  void another_stream_fences_the_first_and_goes_on_in_the_same_episode() {
    try (Served served = counting();
        Client client = new Client(served.address());
        Client other = new Client(served.address())) {
      OpenSessionResponse session = client.open(1);
      Client.Stream first = client.attached(session, 0);
      first.reset();
      InteractResponse answered = first.step(0);
      Client.Stream second = other.new Stream(session);
      AttachResponse attached = second.attach(session.getShards(0));
      assertEquals(2, attached.getEpoch());
      assertEquals(2, attached.getLastSequence());
      assertEquals(16, attached.getWindow());
      assertEnds(Code.ABORTED, "another stream has attached", first);
      second.send(second.stepping(0).setSequence(2).build());
      assertEquals(answered, second.receive());
      second.sequence = 2;
      assertEquals(2, count(second, second.step(0)));
    }
  }

  @Test
  void broken_stream_is_attached_anew_in_the_same_episode() {
    try (Served served = counting()) {
      OpenSessionResponse session;
      try (Client client = new Client(served.address())) {
        session = client.open(1);
        Client.Stream stream = client.attached(session, 0);
        stream.reset();
        assertEquals(1, count(stream, stream.step(0)));
      }
      try (Client client = new Client(served.address())) {
        Client.Stream stream = client.attached(session, 0);
        stream.sequence = 2;
        assertEquals(2, count(stream, stream.step(0)));
      }
    }
  }

  @Test
  void repeated_number_is_answered_again_and_not_executed_again() {
    try (Served served = counting();
        Client client = new Client(served.address())) {
      Client.Stream stream = client.attached(client.open(1), 0);
      stream.reset();
      InteractResponse first = stream.step(0);
      stream.send(stream.stepping(0).setSequence(2).build());
      assertEquals(first, stream.receive());
      assertEquals(2, count(stream, stream.step(0)));
      stream.send(stream.stepping(0).setSequence(9).build());
      InteractResponse gap = stream.receive();
      assertEquals(Code.FAILED_PRECONDITION.value(), gap.getError().getCode());
      assertTrue(gap.getError().getMessage().contains("a request is missing"));
      stream.send(reset().setSequence(1).build());
      InteractResponse forgotten = stream.receive();
      assertEquals(Code.INVALID_ARGUMENT.value(), forgotten.getError().getCode());
      assertTrue(forgotten.getError().getMessage().contains("its response is forgotten"));
      stream.send(reset().setSequence(-1).build());
      assertEquals(Code.FAILED_PRECONDITION.value(), stream.receive().getError().getCode());
      assertEquals(3, count(stream, stream.step(0)));
    }
  }

  @Test
  void more_unacknowledged_requests_than_the_window_are_refused() {
    try (Served served = counting();
        Client client = new Client(served.address())) {
      Client.Stream stream = client.attached(client.open(1), 0);
      for (int i = 1; i <= 17; i++) {
        stream.send(reset().setSequence(i).build());
      }
      for (int i = 1; i <= 16; i++) {
        assertEquals(i, stream.receive().getSequence());
      }
      assertEquals(Code.RESOURCE_EXHAUSTED.value(), stream.receive().getError().getCode());
      stream.sequence = 16;
      assertTrue(stream.ask(reset()).hasReset());
    }
  }

  @Test
  void heartbeats_renew_the_lease_and_are_answered_while_a_step_is_under_way() {
    Semaphore steps = new Semaphore(0);
    try (Served served =
            Served.timeless(
                ServeOptions.DEFAULTS.withLease(Duration.ofSeconds(30)),
                "Slow",
                () ->
                    new ScriptedEnv(
                        (count, usual) -> {
                          steps.acquireUninterruptibly();
                          return usual;
                        }));
        Client client = new Client(served.address())) {
      OpenSessionResponse session = client.open(1);
      assertEquals(30, session.getLeaseSeconds());
      Client.Stream stream = client.attached(session, 0);
      stream.reset();
      stream.send(stream.stepping(0).setSequence(2).build());
      for (int i = 0; i < 5; i++) {
        served.pass(20);
        stream.send(HEARTBEAT);
        assertTrue(stream.receive().hasHeartbeat());
      }
      steps.release();
      assertTrue(stream.receive().hasStep());
    }
  }

  @Test
  void session_ends_with_its_lease_on_all_shards() {
    try (Served served = counting();
        Client client = new Client(served.address())) {
      OpenSessionResponse session =
          client.stub.openSession(Client.lanes(2).setLeaseSeconds(10).build());
      assertEquals(10, session.getLeaseSeconds());
      Client.Stream first = client.attached(session, 0);
      Client.Stream second = client.attached(session, 1);
      int closed = ScriptedEnv.CLOSED.get();
      served.pass(9);
      assertTrue(first.reset().hasReset());
      served.pass(2);
      assertEnds(Code.OK, "null", first);
      assertEnds(Code.OK, "null", second);
      assertEquals(2, ScriptedEnv.CLOSED.get() - closed);
      assertGone(client, session);
      assertEquals(1, client.open(1).getNumEnvs());
    }
  }

  @Test
  void closing_ends_the_streams_with_ok() {
    try (Served served = counting();
        Client client = new Client(served.address())) {
      OpenSessionResponse session = client.open(2);
      Client.Stream first = client.attached(session, 0);
      Client.Stream second = client.attached(session, 1);
      first.reset();
      CloseSessionRequest request =
          CloseSessionRequest.newBuilder().setSessionId(session.getSessionId()).build();
      assertEquals("", client.stub.closeSession(request).toString());
      assertEnds(Code.OK, "null", first);
      assertEnds(Code.OK, "null", second);
      assertGone(client, session);
    }
  }

  @Test
  void half_closing_one_shards_stream_ends_the_session() {
    try (Served served = counting();
        Client client = new Client(served.address())) {
      OpenSessionResponse session = client.open(2);
      Client.Stream first = client.attached(session, 0);
      Client.Stream second = client.attached(session, 1);
      first.halfClose();
      assertEnds(Code.OK, "null", first);
      assertEnds(Code.OK, "null", second);
      assertGone(client, session);
    }
  }

  @Test
  void what_came_before_a_half_close_is_answered_first() {
    try (Served served = counting();
        Client client = new Client(served.address())) {
      OpenSessionResponse session = client.open(1);
      Client.Stream stream = client.attached(session, 0);
      stream.send(reset().setSequence(1).build());
      for (int number = 2; number < 10; number++) {
        stream.send(stream.stepping(1).setSequence(number).build());
      }
      stream.halfClose();
      for (int number = 1; number < 10; number++) {
        assertEquals(number, stream.receive().getSequence());
      }
      assertEnds(Code.OK, "null", stream);
      assertGone(client, session);
    }
  }

  @Test
  void step_that_hangs_is_given_up_and_its_lanes_are_made_anew() {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch hanging = new CountDownLatch(1);
    try (Served served =
            Served.timeless(
                OPTIONS.withStepTimeout(Duration.ofSeconds(5)),
                "Stuck",
                () ->
                    new ScriptedEnv(
                        (count, usual) -> {
                          if (usual.reward() == 2) {
                            hanging.countDown();
                            await(never);
                          }
                          return usual;
                        }));
        Client client = new Client(served.address())) {
      OpenSessionResponse session = client.open(2);
      Client.Stream stuck = client.attached(session, 0);
      Client.Stream well = client.attached(session, 1);
      stuck.reset();
      well.reset();
      assertTrue(stuck.step(1).hasStep());
      stuck.send(stuck.stepping(2).setSequence(3).build());
      await(hanging);
      served.pass(4);
      served.pass(2);
      assertEnds(Code.UNAVAILABLE, "step timeout of 5.0 s", stuck);
      OpenSessionResponse anew =
          client.stub.describeSession(
              DescribeSessionRequest.newBuilder().setSessionId(session.getSessionId()).build());
      Shard replaced = anew.getShards(0);
      assertEquals(1, replaced.getGeneration());
      assertTrue(replaced.getLoss().contains("step timeout"), replaced.getLoss());
      assertEquals(session.getShards(1), anew.getShards(1));
      Client.Stream again = client.new Stream(anew);
      assertEquals(0, again.attach(replaced).getLastSequence());
      assertEquals(Code.FAILED_PRECONDITION.value(), again.step(0).getError().getCode());
      assertTrue(again.reset().hasReset());
      assertTrue(again.step(1).hasStep());
      assertTrue(well.step(1).hasStep());
      never.countDown();
    }
  }

  @Test
  void session_whose_step_hangs_is_closed_all_the_same() throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch hanging = new CountDownLatch(1);
    try (Served served =
            Served.timeless(
                ServeOptions.DEFAULTS.withMaxSessions(1),
                "Stuck",
                () ->
                    new ScriptedEnv(
                        (count, usual) -> {
                          hanging.countDown();
                          await(never);
                          return usual;
                        }));
        Client client = new Client(served.address())) {
      OpenSessionResponse session = client.open(1);
      Client.Stream stuck = client.attached(session, 0);
      stuck.reset();
      stuck.send(stuck.stepping(0).setSequence(2).build());
      await(hanging);
      served.pass(61);
      served.pass(3);
      assertEnds(Code.OK, "null", stuck);
      assertEquals(1, client.open(1).getNumEnvs());
      never.countDown();
    }
  }

  @Test
  void stopping_the_server_ends_the_streams_with_unavailable() {
    Served served = counting();
    try (Client client = new Client(served.address())) {
      Client.Stream stream = client.attached(client.open(1), 0);
      stream.reset();
      served.close();
      assertEnds(Code.UNAVAILABLE, "stopped", stream);
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
