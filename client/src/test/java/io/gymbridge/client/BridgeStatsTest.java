package io.gymbridge.client;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.NdArray;
import io.gymbridge.proto.v1.InteractRequest.RequestCase;
import io.gymbridge.proto.v1.InteractResponse;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What clients tell of where their time went. */
@Timeout(120)
class BridgeStatsTest {
  private static InteractResponse response(long environment, long server, long queue) {
    return InteractResponse.newBuilder()
        .setEnvironmentNanos(environment)
        .setServerNanos(server)
        .setQueueNanos(queue)
        .build();
  }

  @Test
  void parts_add_up() {
    RequestTimes times = new RequestTimes();
    for (int i = 1; i <= 1001; i++) {
      times.add(RequestCase.STEP, 1000L * i, 10, response(100L * i, 300L * i, 50L * i));
    }
    times.addCoding(RequestCase.STEP, 4000);
    BridgeStats.Requests step = requireNonNull(times.summary().get("step"));
    assertEquals(1001, step.count());
    assertEquals(10_010, step.bytesSent());
    assertEquals(501, step.total().p50(), 5.01);
    assertEquals(501, step.total().mean(), 5.01);
    assertEquals(991, step.total().p99(), 9.91);
    assertEquals(50.1, step.environment().p50(), 0.5);
    assertEquals(25.05, step.queue().p50(), 0.25);
    assertEquals(75.15, step.serverCodec().p50(), 0.75);
    assertEquals(350.7, step.wire().p50(), 3.5);
    assertEquals(4, step.clientCodec().p50(), 0.04);
    times.clear();
    assertTrue(times.summary().isEmpty());
  }

  @Test
  void server_that_does_not_tell_its_own_time_counts_as_wire() {
    RequestTimes times = new RequestTimes();
    times.add(RequestCase.SAVE_STATE, 10_000, 1, response(4000, 0, 0));
    BridgeStats.Requests save = requireNonNull(times.summary().get("save_state"));
    assertEquals(0, save.serverCodec().mean());
    assertEquals(6, save.wire().mean(), 0.06);
  }

  @Test
  void requests_after_the_first_take_no_memory() {
    RequestTimes times = new RequestTimes();
    InteractResponse response = response(1, 2, 3);
    for (int i = 0; i < 10_000; i++) {
      times.add(RequestCase.STEP, i, 1, response);
      times.addCoding(RequestCase.STEP, i);
    }
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 10_000; i++) {
      times.add(RequestCase.STEP, i, 1, response);
      times.addCoding(RequestCase.STEP, i);
    }
    assertTrue(threads.getCurrentThreadAllocatedBytes() - before < 10_000);
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"SHM", "GRPC"})
  void each_process_is_counted_and_told_of(Transport transport) {
    SessionOptions options =
        SessionOptions.DEFAULTS.withNumEnvs(4).withMaxShards(2).withTransport(transport);
    try (ManagedServer server = TestServers.serve(2, ":counting");
        RemoteVectorEnv env =
            RemoteVectorEnv.connect(server.address(), "envs_for_tests:counting", options)) {
      env.reset(0);
      for (int i = 0; i < 10; i++) {
        env.step(NdArray.of(new long[4], 4));
      }
      env.send(NdArray.of(new long[2], 2), 0, 3);
      env.recv(2);
      BridgeStats stats = env.bridgeStats();
      assertEquals(Set.of("reset", "step"), stats.requests().keySet());
      assertEquals(2, requireNonNull(stats.requests().get("reset")).count());
      BridgeStats.Requests step = requireNonNull(stats.requests().get("step"));
      assertEquals(22, step.count());
      assertTrue(step.bytesSent() > 22 * 16 && step.bytesReceived() > 22 * 16);
      assertTrue(step.environment().p50() > 0);
      assertTrue(step.serverCodec().p50() > 0);
      assertTrue(step.clientCodec().p50() > 0);
      assertTrue(step.environment().p50() < step.total().p50());
      assertTrue(step.total().p50() <= step.total().p99());
      String why = transport == Transport.SHM ? "" : "it was not asked for";
      assertEquals(
          List.of(
              new BridgeStats.Way("0-1", transport, why),
              new BridgeStats.Way("2-3", transport, why)),
          stats.ways());
      env.clearBridgeStats();
      assertTrue(env.bridgeStats().requests().isEmpty());
    }
  }
}
