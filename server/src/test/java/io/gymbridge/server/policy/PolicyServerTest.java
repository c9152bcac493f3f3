package io.gymbridge.server.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.gymbridge.client.RemotePolicies;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Graph;
import io.gymbridge.core.GraphValue;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.OneOfValue;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.SequenceValue;
import io.gymbridge.core.Space;
import io.gymbridge.core.Text;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.ServerSecurity;
import io.gymbridge.transport.Statuses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyServerTest {
  @TempDir private Path directory = Path.of("");

  /** Answers with the observation, twice as large: an action that may lie outside [−1, 1]. */
  private static final class Doubling implements Policy {
    private boolean closed;

    @Override
    public Space observationSpace() {
      return Box.of(DType.FLOAT32, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 2);
    }

    @Override
    public Space actionSpace() {
      return Box.of(DType.FLOAT32, -1, 1, 2);
    }

    @Override
    public Value act(Value observations, boolean deterministic) {
      double[] values = observations.array().toDoubles();
      for (int i = 0; i < values.length; i++) {
        if (values[i] == 13) {
          throw new IllegalStateException("an unlucky number");
        }
        values[i] *= 2;
      }
      return NdArray.ofDoubles(DType.FLOAT32, values, observations.batchSize(), 2);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static final NdArray OBSERVATIONS = NdArray.of(new float[] {0.25f, 3, -0.5f, 0}, 2, 2);
  private static final NdArray ACTIONS = NdArray.of(new float[] {0.5f, 1, -1, 0}, 2, 2);

  private PolicyServer serve(ServedPolicy... policies) {
    return PolicyServer.start(
        "unix:" + directory.resolve("p.sock"), List.of(policies), ServerSecurity.LOCAL);
  }

  private static ServedPolicy doubling(String name) {
    return new ServedPolicy(name, "v7", new Doubling(), false, Map.of("algorithm", "none"));
  }

  private static GymException failure(Kind kind, Runnable call) {
    GymException failure = assertThrows(GymException.class, call::run);
    assertEquals(kind, failure.kind(), failure.getMessage());
    return failure;
  }

  @ParameterizedTest
  @ValueSource(strings = {"unix", "127.0.0.1:0"})
  void policy_answers_over_every_transport_and_is_clipped(String transport) {
    String address = transport.equals("unix") ? "unix:" + directory.resolve("p.sock") : transport;
    try (PolicyServer server =
            PolicyServer.start(address, List.of(doubling("walker")), ServerSecurity.LOCAL);
        RemotePolicy policy = RemotePolicy.connect(server.address())) {
      assertEquals("walker", policy.name());
      assertEquals("v7", policy.version());
      assertFalse(policy.stochastic());
      assertEquals(Map.of("algorithm", "none"), policy.provenance());
      assertEquals(new Doubling().actionSpace(), policy.actionSpace());
      assertEquals(new Doubling().observationSpace(), policy.observationSpace());
      for (int i = 0; i < 3; i++) {
        assertEquals(ACTIONS, policy.act(OBSERVATIONS, i % 2 == 0));
      }
    }
  }

  /** Answers with the observation itself. */
  private record Echo(Space observationSpace, Space actionSpace) implements Policy {
    @Override
    public Value act(Value observations, boolean deterministic) {
      return observations;
    }

    @Override
    public void close() {}
  }

  private static Space varying(double bound) {
    Box box = Box.of(DType.FLOAT32, -bound, bound);
    return new Tuple(
        List.of(new Sequence(box), new Graph(box, box), new OneOf(List.of(new Text(2), box))));
  }

  private static Value varying(float number) {
    NdArray one = NdArray.of(new float[] {number}, 1);
    return Value.stack(
        List.of(
            new TupleValue(
                List.of(
                    new SequenceValue(one),
                    new GraphValue(one, one, NdArray.ofLongs(DType.INT32, new long[] {0, 0}, 1, 2)),
                    new OneOfValue(1, one.row(0))))));
  }

  @Test
  void values_that_vary_in_size_are_clipped_and_must_be_finite() {
    Policy echo = new Echo(varying(Double.POSITIVE_INFINITY), varying(1.0));
    ServedPolicy served = new ServedPolicy("echo", "v1", echo, false, Map.of());
    try (PolicyServer server = serve(served);
        RemotePolicy policy = RemotePolicy.connect(server.address())) {
      assertEquals(varying(1f), policy.act(varying(3f), true));
      GymException refusal =
          failure(Kind.INVALID_ARGUMENT, () -> policy.act(varying(Float.NaN), true));
      assertTrue(refusal.getMessage().contains("observations[0].element: component 0"));
    }
  }

  @Test
  void several_policies_are_told_apart_by_name() {
    try (PolicyServer server = serve(doubling("runner"), doubling("jumper"));
        RemotePolicy jumper = RemotePolicy.connect(server.address() + "/jumper")) {
      assertEquals("jumper", jumper.name());
      assertEquals(ACTIONS, jumper.act(OBSERVATIONS, true));
      assertEquals(
          List.of("jumper", "runner"),
          RemotePolicies.list(server.address()).policies().stream()
              .map(RemotePolicies.Summary::name)
              .toList());
      GymException unknown =
          failure(Kind.NOT_FOUND, () -> RemotePolicy.connect(server.address() + "/swimmer"));
      assertTrue(unknown.getMessage().contains("[jumper, runner]"));
      failure(Kind.INVALID_ARGUMENT, () -> RemotePolicy.connect(server.address()));
    }
  }

  @Test
  void bad_observations_are_refused_and_the_stream_goes_on() {
    try (PolicyServer server = serve(doubling("walker"));
        RemotePolicy policy = RemotePolicy.connect(server.address())) {
      NdArray nan = NdArray.of(new float[] {0, 0, Float.NaN, 0}, 2, 2);
      GymException refusal = failure(Kind.INVALID_ARGUMENT, () -> policy.act(nan, true));
      assertTrue(refusal.getMessage().contains("component 0 of row 1 is NaN"));
      NdArray infinite = NdArray.of(new float[] {0, Float.POSITIVE_INFINITY}, 1, 2);
      failure(Kind.INVALID_ARGUMENT, () -> policy.act(infinite, true));
      failure(Kind.INVALID_ARGUMENT, () -> policy.act(NdArray.of(new float[3], 1, 3), true));
      assertEquals(ACTIONS, policy.act(OBSERVATIONS, true));
    }
  }

  @Test
  void policys_error_arrives_with_its_stack_trace() {
    try (PolicyServer server = serve(doubling("walker"));
        RemotePolicy policy = RemotePolicy.connect(server.address())) {
      NdArray unlucky = NdArray.of(new float[] {13, 0}, 1, 2);
      GymException failure = failure(Kind.ENVIRONMENT, () -> policy.act(unlucky, true));
      assertTrue(failure.getMessage().contains("an unlucky number"));
      assertTrue(failure.traceback().orElseThrow().contains("Doubling.act"));
      assertEquals(ACTIONS, policy.act(OBSERVATIONS, true));
    }
  }

  @Test
  void unary_calls_and_health_answer_too() {
    ManagedChannel channel;
    try (PolicyServer server = serve(doubling("walker"))) {
      channel = Channels.open(Address.parse(server.address()));
      var policies = PolicyServiceGrpc.newBlockingStub(channel);
      ActRequest empty = ActRequest.getDefaultInstance();
      GymException refusal =
          Statuses.decode(assertThrows(RuntimeException.class, () -> policies.act(empty)));
      assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
      var health = HealthGrpc.newBlockingStub(channel);
      for (String service : List.of("", "walker", PolicyServiceGrpc.SERVICE_NAME)) {
        HealthCheckRequest request = HealthCheckRequest.newBuilder().setService(service).build();
        assertEquals(ServingStatus.SERVING, health.check(request).getStatus());
      }
    }
    channel.shutdownNow();
  }

  @Test
  void policy_is_found_again_after_the_server_was_restarted() {
    PolicyServer first = serve(doubling("walker"));
    try (RemotePolicy policy = RemotePolicy.connect(first.address())) {
      policy.act(OBSERVATIONS, true);
      first.close();
      failure(Kind.UNAVAILABLE, () -> policy.act(OBSERVATIONS, true));
      try (PolicyServer second = serve(doubling("walker"))) {
        assertEquals(first.address(), second.address());
        assertEquals(ACTIONS, policy.act(OBSERVATIONS, true));
      }
    }
  }

  @Test
  void address_in_use_is_refused_and_stale_sockets_are_replaced() throws IOException {
    try (PolicyServer server = serve(doubling("walker"))) {
      GymException refusal = failure(Kind.FAILED_PRECONDITION, () -> serve(doubling("walker")));
      assertTrue(refusal.getMessage().contains(server.address() + " is in use"));
    }
    try (PolicyServer tcp =
        PolicyServer.start("127.0.0.1:0", List.of(doubling("walker")), ServerSecurity.LOCAL)) {
      GymException refusal =
          failure(
              Kind.FAILED_PRECONDITION,
              () ->
                  PolicyServer.start(
                      tcp.address(), List.of(doubling("walker")), ServerSecurity.LOCAL));
      assertTrue(refusal.getMessage().contains(tcp.address() + " is in use"));
    }
    Path file = directory.resolve("file");
    Files.writeString(file, "precious");
    failure(
        Kind.INVALID_ARGUMENT,
        () ->
            PolicyServer.start("unix:" + file, List.of(doubling("walker")), ServerSecurity.LOCAL));
    assertEquals("precious", Files.readString(file));
    Path stale = directory.resolve("stale.sock");
    try (var socket =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      socket.bind(java.net.UnixDomainSocketAddress.of(stale));
    }
    PolicyServer.start("unix:" + stale, List.of(doubling("walker")), ServerSecurity.LOCAL).close();
  }

  @Test
  void address_that_others_can_reach_wants_the_insecure_option() {
    failure(
        Kind.PERMISSION_DENIED,
        () -> PolicyServer.start("0.0.0.0:0", List.of(doubling("walker")), ServerSecurity.LOCAL));
    PolicyServer.start("0.0.0.0:0", List.of(doubling("walker")), ServerSecurity.INSECURE).close();
  }

  @Test
  void closing_twice_is_allowed_and_closes_the_policies() {
    Doubling policy = new Doubling();
    PolicyServer server = serve(new ServedPolicy("walker", "v1", policy));
    server.close();
    server.close();
    assertTrue(policy.closed);
  }
}
