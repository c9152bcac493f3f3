package io.gymbridge.server;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.RolloutOptions;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Box;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Rollout;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.PutPolicyRequest;
import io.gymbridge.proto.v1.RolloutRequest;
import io.gymbridge.proto.v1.RolloutResponse;
import io.gymbridge.transport.AutoresetCodec;
import io.gymbridge.transport.Statuses;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rollouts of Java environments: the same bytes as steps, and what is refused. */
class RollerTest {
  private static final int LANES = 5;

  /** An environment whose lanes do not move together. */
  private static final String SINGLE = "SingleCartPole-v1";

  private static Served server;

  @BeforeAll
  static void serve() {
    List<ServedEnvironment> environments = Served.javaEnvironments();
    environments.add(new ServedEnvironment(SINGLE, () -> Envs.make("CartPole-v1")));
    server = Served.of(ServeOptions.DEFAULTS.withWorkers(2).withAllowPolicies(true), environments);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RemoteVectorEnv open(String id, AutoresetMode mode) {
    return RemoteVectorEnv.connect(
        server.address(), id, SessionOptions.DEFAULTS.withNumEnvs(LANES).withAutoresetMode(mode));
  }

  private static PolicyBundle policy(VectorEnv env) {
    Space actions = env.spec().actionSpace();
    int inputs = env.spec().observationSpace().flatSize();
    return actions instanceof Box
        ? TestBundles.network(inputs, 8, actions.flatSize())
        : TestBundles.choosing(inputs, actions.flatSize());
  }

  @ParameterizedTest
  @CsvSource({
    "CartPole-v1,NEXT_STEP",
    "CartPole-v1,SAME_STEP",
    SINGLE + ",NEXT_STEP",
    SINGLE + ",SAME_STEP",
    "Pendulum-v1,NEXT_STEP",
    "Pendulum-v1,SAME_STEP",
    "gymbridge/PointMaze-v0,NEXT_STEP"
  })
  void replaying_the_actions_gives_identical_bytes(String id, AutoresetMode mode) {
    try (RemoteVectorEnv rolling = open(id, mode);
        RemoteVectorEnv stepping = open(id, mode)) {
      assertEquals(2, rolling.numShards());
      assertEquals(1, rolling.putPolicy(policy(rolling).toBytes()));
      Value before = rolling.reset(5).observations();
      assertEquals(before, stepping.reset(5).observations());
      boolean[] ended = new boolean[LANES];
      int ends = 0;
      for (int part = 0; part < 3; part++) {
        Rollout rollout = rolling.rollout(80, RolloutOptions.drawn(9));
        assertEquals(before, rollout.observations().row(0));
        List<Value> finals = new ArrayList<>();
        for (int t = 0; t < rollout.steps(); t++) {
          VectorEnv.Step step = stepping.step(rollout.actions().row(t));
          assertEquals(step.observations(), rollout.observations().row(t + 1));
          for (int lane = 0; lane < LANES; lane++) {
            int at = t * LANES + lane;
            assertEquals(step.rewards()[lane], rollout.rewards()[at]);
            assertEquals(step.terminated()[lane], rollout.terminated()[at]);
            assertEquals(step.truncated()[lane], rollout.truncated()[at]);
            assertEquals(ended[lane] && mode == AutoresetMode.NEXT_STEP, rollout.resets()[at]);
            ended[lane] = step.ended(lane);
            ends += ended[lane] ? 1 : 0;
          }
          if (step.finalObservations() != null) {
            finals.add(step.finalObservations());
          }
        }
        assertEquals(
            finals.isEmpty() ? null : Value.concatenate(finals), rollout.finalObservations());
        before = rollout.observations().row(80);
      }
      assertTrue(ends > 0);
      // The lanes are where the rollout left them.
      Value actions = rolling.rollout(1, RolloutOptions.mostLikely()).actions().row(0);
      VectorEnv.Step unused = stepping.step(actions);
      assertEquals(stepping.step(actions).observations(), rolling.step(actions).observations());
    }
  }

  @Test
  void two_rollouts_are_one_long_one() {
    try (RemoteVectorEnv whole = open("Pendulum-v1", AutoresetMode.NEXT_STEP);
        RemoteVectorEnv parts = open("Pendulum-v1", AutoresetMode.NEXT_STEP)) {
      RolloutOptions options = RolloutOptions.drawn(-3).withDistribution(true);
      for (RemoteVectorEnv env : List.of(whole, parts)) {
        env.putPolicy(policy(env).toBytes());
        env.reset(1);
      }
      Rollout all = whole.rollout(37, options);
      Rollout first = parts.rollout(10, options);
      Rollout second = parts.rollout(27, options);
      assertEquals(all.actions(), joined(first.actions(), second.actions()));
      assertEquals(
          all.observations(), joined(first.observations().slice(0, 10), second.observations()));
      assertEquals(all.samples(), joined(first.samples(), second.samples()));
      for (int part = 0; part < 2; part++) {
        assertEquals(
            all.distribution().get(part),
            joined(first.distribution().get(part), second.distribution().get(part)));
      }
      assertEquals(all.logProbabilities()[10 * LANES], second.logProbabilities()[0]);
    }
  }

  private static Value joined(@Nullable Value first, @Nullable Value second) {
    return Value.concatenate(List.of(requireNonNull(first), requireNonNull(second)));
  }

  @Test
  void deterministic_rollouts_take_the_policys_actions() {
    try (RemoteVectorEnv env = open("MountainCarContinuous-v0", AutoresetMode.NEXT_STEP)) {
      PolicyBundle bundle = policy(env);
      env.putPolicy(bundle.toBytes());
      env.reset(1);
      Rollout rollout = env.rollout(30, RolloutOptions.mostLikely().withDistribution(true));
      assertNull(rollout.samples());
      assertEquals(0, rollout.logProbabilities().length);
      assertEquals(List.of(), rollout.distribution());
      try (OnnxPolicy local = bundle.policy(0)) {
        NdArray seen = rollout.observations().slice(0, 30).reshape(30 * LANES, 2);
        NdArray expected = local.act(seen, true).array();
        for (int i = 0; i < expected.size(); i++) {
          assertEquals(expected.getDouble(i), rollout.actions().getDouble(i), 1e-5);
        }
      }
    }
  }

  @Test
  void server_that_was_not_told_to_takes_no_policies() {
    try (Served other = Served.of(ServeOptions.DEFAULTS, Served.javaEnvironments());
        Client client = new Client(other.address())) {
      OpenSessionResponse session = client.stub.openSession(opening("CartPole-v1"));
      assertFalse(session.getCapabilitiesList().contains("rollouts"));
      Client.Stream stream = client.attached(session, 0);
      assertRefused(Kind.PERMISSION_DENIED, "--allow-policies", put(stream, 1, new byte[0]));
      assertRefused(Kind.PERMISSION_DENIED, "--allow-policies", roll(stream, 1, all -> {}));
      assertFalse(stream.reset().hasError());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "CartPole-v1,NEXT_STEP,true",
    "CartPole-v1,SAME_STEP,true",
    "CartPole-v1,DISABLED,false",
    "Taxi-v4,NEXT_STEP,true",
    "Blackjack-v1,NEXT_STEP,false"
  })
  void sessions_say_whether_they_have_rollouts(String id, AutoresetMode mode, boolean expected) {
    try (Client client = new Client(server.address())) {
      OpenSessionResponse session =
          client.stub.openSession(
              opening(id).toBuilder().setAutoresetMode(AutoresetCodec.encode(mode)).build());
      assertEquals(expected, session.getCapabilitiesList().contains("rollouts"));
      if (!expected) {
        byte[] bundle = TestBundles.choosing(4, 2).toBytes();
        assertRefused(
            Kind.INVALID_ARGUMENT, "plain arrays", put(client.attached(session, 0), 1, bundle));
      }
    }
  }

  private static OpenSessionRequest opening(String id) {
    return Client.lanes(LANES).setEnvId(id).setMaxShards(1).build();
  }

  private static InteractResponse put(Client.Stream stream, long version, byte[] bundle) {
    return stream.ask(
        InteractRequest.newBuilder()
            .setPutPolicy(
                PutPolicyRequest.newBuilder()
                    .setVersion(version)
                    .setBundle(ByteString.copyFrom(bundle))));
  }

  private static InteractResponse roll(
      Client.Stream stream, int steps, Consumer<RolloutRequest.Builder> wishes) {
    RolloutRequest.Builder request = RolloutRequest.newBuilder().setSteps(steps).setSeed(7);
    wishes.accept(request);
    return stream.ask(InteractRequest.newBuilder().setRollout(request));
  }

  private static void assertRefused(Kind kind, String message, InteractResponse response) {
    assertTrue(response.hasError(), response.toString());
    GymException refusal = Statuses.decode(response.getError());
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
  }

  @Test
  void newest_policy_acts_and_refusals_change_nothing() {
    byte[] bundle = TestBundles.choosing(4, 2).toBytes();
    try (Client client = new Client(server.address())) {
      OpenSessionResponse session = client.stub.openSession(opening("CartPole-v1"));
      Client.Stream stream = client.attached(session, 0);
      assertRefused(Kind.FAILED_PRECONDITION, "put one first", roll(stream, 1, request -> {}));
      assertRefused(Kind.INVALID_ARGUMENT, "expected 1 or more", put(stream, 0, bundle));
      assertEquals("java", put(stream, 3, bundle).getPolicyPut().getEngine());
      assertRefused(Kind.FAILED_PRECONDITION, "wants a reset", roll(stream, 1, request -> {}));
      assertFalse(stream.reset(1, 2, 3, 4, 5).hasError());
      RolloutResponse first =
          roll(stream, 2, request -> request.setOldestVersion(3)).getRolledOut();
      assertEquals(3, first.getPolicyVersion());

      assertRefused(Kind.INVALID_ARGUMENT, "above 3", put(stream, 3, bundle));
      assertRefused(Kind.INVALID_ARGUMENT, "empty", put(stream, 4, new byte[0]));
      assertRefused(
          Kind.INVALID_ARGUMENT,
          "cut short",
          put(stream, 4, Arrays.copyOf(bundle, bundle.length - 30)));
      byte[] damaged = bundle.clone();
      int middle = bundle.length / 2;
      damaged[middle] = (byte) (damaged[middle] ^ 1);
      assertTrue(put(stream, 4, damaged).hasError());
      assertRefused(
          Kind.INVALID_ARGUMENT,
          "its actions are of",
          put(stream, 4, TestBundles.choosing(4, 3).toBytes()));
      assertRefused(
          Kind.INVALID_ARGUMENT,
          "its observations are of",
          put(stream, 4, TestBundles.choosing(3, 2).toBytes()));
      assertRefused(
          Kind.FAILED_PRECONDITION,
          "version 3, older than 4",
          roll(stream, 1, request -> request.setOldestVersion(4)));
      assertRefused(Kind.INVALID_ARGUMENT, "steps 0", roll(stream, 0, request -> {}));
      assertRefused(
          Kind.INVALID_ARGUMENT,
          "first_step",
          roll(stream, 1, request -> request.setFirstStep(1L << 48)));

      RolloutResponse second = roll(stream, 1, request -> {}).getRolledOut();
      assertEquals(3, second.getPolicyVersion());
      assertEquals(
          first.getObservations().getBuffers(0).substring(2 * LANES * 16),
          second.getObservations().getBuffers(0).substring(0, LANES * 16));
      assertTrue(put(stream, 9, bundle).hasPolicyPut());
      assertEquals(
          9,
          roll(stream, 1, request -> request.setOldestVersion(8))
              .getRolledOut()
              .getPolicyVersion());
    }
  }

  private static void withScripted(
      Supplier<Env> maker, PolicyBundle bundle, Consumer<Client.Stream> test) {
    ServeOptions options = ServeOptions.DEFAULTS.withAllowPolicies(true);
    try (Served own = Served.of(options, List.of(new ServedEnvironment("Scripted-v0", maker)));
        Client client = new Client(own.address())) {
      Client.Stream stream = client.attached(client.open(2), 0);
      assertTrue(put(stream, 1, bundle.toBytes()).hasPolicyPut());
      assertFalse(stream.reset(1, 2).hasError());
      test.accept(stream);
    }
  }

  @Test
  void actions_that_are_nonsense_end_a_block_before_them() {
    withScripted(
        () -> ScriptedEnv.ofLength(100),
        TestBundles.choosingUpTo4(),
        stream -> {
          // The policy gives NaN for the observation after the fifth step.
          assertEquals(5, roll(stream, 20, request -> {}).getRolledOut().getSteps());
          assertRefused(Kind.INVALID_ARGUMENT, "NaN", roll(stream, 20, request -> {}));
          assertFalse(stream.step(0, 0).hasError());
          assertFalse(stream.reset().hasError());
          assertEquals(5, roll(stream, 20, request -> {}).getRolledOut().getSteps());
        });
  }

  @Test
  void error_of_an_environment_ends_the_rollout_and_wants_a_reset() {
    withScripted(
        () ->
            new ScriptedEnv(
                (count, usual) -> {
                  if (count == 3) {
                    throw new GymException(Kind.INVALID_ARGUMENT, "no third step");
                  }
                  return usual;
                }),
        TestBundles.choosing(2, 3),
        stream -> {
          assertRefused(Kind.INVALID_ARGUMENT, "no third step", roll(stream, 20, request -> {}));
          assertRefused(Kind.FAILED_PRECONDITION, "wants a reset", roll(stream, 1, request -> {}));
          assertFalse(stream.reset().hasError());
          assertEquals(2, roll(stream, 2, request -> {}).getRolledOut().getSteps());
        });
  }

  @Test
  void policy_without_a_distribution_acts_deterministically_only() {
    Space space = TestBundles.PAIR;
    withScripted(
        () -> new PairEnv(space),
        TestBundles.times(0.5f),
        stream -> {
          assertRefused(
              Kind.INVALID_ARGUMENT, "deterministic rollout", roll(stream, 1, request -> {}));
          RolloutResponse block =
              roll(stream, 4, request -> request.setDeterministic(true)).getRolledOut();
          assertEquals(4, block.getSteps());
          assertTrue(block.getLogProbabilities().isEmpty());
        });
  }

  /** Shows the last action, and begins with ones. */
  private record PairEnv(Space space) implements Env {
    @Override
    public EnvSpec spec() {
      return new EnvSpec("Pair", space, space, 0, OptionalDouble.empty(), Map.of());
    }

    @Override
    public Reset reset(@Nullable Long seed, Map<String, ?> options) {
      return new Reset(NdArray.of(new float[] {1, 1}, 2), Map.of());
    }

    @Override
    public Step step(Value action) {
      return new Step(action, 0, false, false, Map.of());
    }

    @Override
    public @Nullable NdArray render() {
      return null;
    }

    @Override
    public void close() {}
  }

  @Test
  void block_ends_before_the_step_timeout_and_before_it_is_too_large() {
    assertEquals(1, stepsOfABlock(1 << 20, 0));
    assertEquals(15, stepsOfABlock(1 << 12, Long.MAX_VALUE));
  }

  private static int stepsOfABlock(int maxMessageBytes, long stepTimeoutNanos) {
    List<Env> envs = List.of(Envs.make("CartPole-v1"), Envs.make("CartPole-v1"));
    Lanes lanes = new Lanes(envs, AutoresetMode.NEXT_STEP, InfoMode.INFO_MODE_NONE, 0);
    try (Roller roller = new Roller(lanes, maxMessageBytes, stepTimeoutNanos)) {
      ByteString bundle = ByteString.copyFrom(TestBundles.choosing(4, 2).toBytes());
      assertEquals(
          "java",
          roller
              .put(PutPolicyRequest.newBuilder().setVersion(1).setBundle(bundle).build())
              .getEngine());
      lanes.reset(null, null, null, List.of(Map.of(), Map.of()));
      RolloutResponse block =
          roller.rollOut(RolloutRequest.newBuilder().setSteps(1 << 31).setSeed(1).build());
      assertTrue(block.getSerializedSize() < maxMessageBytes);
      return block.getSteps();
    }
  }

  @Test
  void bundle_with_a_signature_of_its_own_is_refused() throws IOException {
    try (Client client = new Client(server.address())) {
      Client.Stream stream = client.attached(client.stub.openSession(opening("CartPole-v1")), 0);
      assertRefused(
          Kind.INVALID_ARGUMENT, "signature", put(stream, 1, TestBundles.recurrent().toBytes()));
    }
  }
}
