package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.client.ManagedServer;
import io.gymbridge.client.PythonServers;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.RolloutOptions;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Rollout;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.PolicyNetwork;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.server.rollout.Noise;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rollouts of the Python workers, driven from Java, with policies that Java's learners wrote. */
@Timeout(120)
final class RolloutTest {
  private static ManagedServer server;

  @BeforeAll
  static void serve() {
    server =
        ManagedServer.serveEnv(List.of("HalfCheetah-v5", "CartPole-v1"), 4, 2, "--allow-policies");
  }

  @AfterAll
  static void close() {
    server.close();
  }

  private static RemoteVectorEnv open(String id, AutoresetMode mode) {
    return RemoteVectorEnv.connect(
        server.address(),
        id,
        SessionOptions.DEFAULTS.withNumEnvs(4).withAutoresetMode(mode).withInfos(false));
  }

  private static PolicyBundle policy(VectorEnv env, long seed) {
    PolicyNetwork network =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            PolicyNetwork.Architecture.defaults(),
            seed);
    List<Value> observations = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 16; i++) {
      observations.add(env.spec().observationSpace().sample(random));
    }
    return network.toBundle("test", "none", "", Map.of(), Value.stack(observations));
  }

  @ParameterizedTest
  @CsvSource({"HalfCheetah-v5,NEXT_STEP", "CartPole-v1,NEXT_STEP", "CartPole-v1,SAME_STEP"})
  void replaying_the_actions_gives_identical_bytes(String id, AutoresetMode mode) {
    try (RemoteVectorEnv rolling = open(id, mode);
        RemoteVectorEnv stepping = open(id, mode)) {
      assertEquals(1, rolling.putPolicy(policy(rolling, 1).toBytes()));
      assertEquals(rolling.reset(5), stepping.reset(5));
      List<Value> finals = new ArrayList<>();
      boolean[] ended = new boolean[4];
      NdArray before = null;
      for (int part = 0; part < 3; part++) {
        Rollout rollout = rolling.rollout(40, RolloutOptions.drawn(9));
        assertEquals(new Rollout.Draws(9, part * 40L), rollout.draws());
        if (before != null) {
          assertEquals(before, rollout.observations().row(0));
        }
        finals.clear();
        for (int t = 0; t < rollout.steps(); t++) {
          VectorEnv.Step step = stepping.step(rollout.actions().row(t));
          assertEquals(step.observations(), rollout.observations().row(t + 1));
          for (int lane = 0; lane < 4; lane++) {
            int at = t * 4 + lane;
            assertEquals(step.rewards()[lane], rollout.rewards()[at]);
            assertEquals(step.terminated()[lane], rollout.terminated()[at]);
            assertEquals(step.truncated()[lane], rollout.truncated()[at]);
            assertEquals(ended[lane] && mode == AutoresetMode.NEXT_STEP, rollout.resets()[at]);
            assertEquals(1, rollout.policyVersions()[at]);
            assertFalse(rollout.lost()[at]);
            ended[lane] = step.ended(lane);
          }
          if (step.finalObservations() != null) {
            finals.add(step.finalObservations());
          }
        }
        Value all = rollout.finalObservations();
        assertEquals(finals.isEmpty() ? null : Value.concatenate(finals), all);
        before = rollout.observations().row(40).array();
      }
    }
  }

  @Test
  void gaussian_actions_and_densities_are_those_of_the_specification() {
    try (RemoteVectorEnv env = open("HalfCheetah-v5", AutoresetMode.NEXT_STEP)) {
      PolicyBundle bundle = policy(env, 2);
      env.putPolicy(bundle.toBytes());
      env.reset(1);
      long seed = -77;
      env.rollout(3, RolloutOptions.drawn(seed));
      Rollout rollout = env.rollout(150, RolloutOptions.drawn(seed).withDistribution(true));
      NdArray mean = rollout.distribution().get(0);
      NdArray logStd = rollout.distribution().get(1);
      NdArray samples = rollout.samples();
      assertNotNull(samples);
      assertArrayEquals(new int[] {150, 4, 6}, samples.shape());
      for (int at = 0; at < 150 * 4; at++) {
        double density = 0;
        for (int d = 0; d < 6; d++) {
          int i = at * 6 + d;
          double z = Noise.normal(uniform(seed, at % 4, 3 + at / 4, d, 6));
          double sample = Noise.exp(logStd.getDouble(i)) * z + mean.getDouble(i);
          assertEquals((float) sample, samples.getDouble(i));
          double clipped = Math.max(-1, Math.min(1, samples.getDouble(i)));
          assertEquals(clipped, rollout.actions().getDouble(i));
          density += (-0.5 * z * z - logStd.getDouble(i)) - Noise.LOG_SQRT_2_PI;
        }
        assertEquals(density, rollout.logProbabilities()[at]);
      }
      try (var local = bundle.policy(0)) {
        NdArray seen = rollout.observations().slice(0, 150).reshape(600, 17);
        NdArray expected = local.run(seen, "mean");
        for (int i = 0; i < expected.size(); i++) {
          assertEquals(expected.getDouble(i), mean.getDouble(i), 1e-5);
        }
      }
    }
  }

  @Test
  void choices_and_probabilities_are_those_of_the_specification() {
    try (RemoteVectorEnv env = open("CartPole-v1", AutoresetMode.SAME_STEP)) {
      env.putPolicy(policy(env, 3).toBytes());
      env.reset(1);
      Rollout rollout = env.rollout(100, RolloutOptions.drawn(5).withDistribution(true));
      NdArray logits = rollout.distribution().get(0);
      for (int at = 0; at < 400; at++) {
        double[] l = {logits.getDouble(2 * at), logits.getDouble(2 * at + 1)};
        double[] score = new double[2];
        for (int d = 0; d < 2; d++) {
          score[d] = Noise.gumbel(uniform(5, at % 4, at / 4, d, 2)) + l[d];
        }
        int choice = score[1] > score[0] ? 1 : 0;
        assertEquals(choice, rollout.actions().getLong(at));
        double highest = Math.max(l[0], l[1]);
        double mass = Noise.exp(l[0] - highest) + Noise.exp(l[1] - highest);
        assertEquals((l[choice] - highest) - Noise.log(mass), rollout.logProbabilities()[at]);
      }
    }
  }

  @Test
  void the_newest_policy_acts_and_a_refused_one_leaves_the_one_before() {
    try (RemoteVectorEnv env = open("HalfCheetah-v5", AutoresetMode.NEXT_STEP)) {
      env.reset(1);
      assertEquals(
          Kind.FAILED_PRECONDITION, kind(() -> env.rollout(1, RolloutOptions.mostLikely())));
      PolicyBundle first = policy(env, 1);
      PolicyBundle second = policy(env, 2);
      assertEquals(1, env.putPolicy(first.toBytes()));
      assertEquals(Kind.INVALID_ARGUMENT, kind(() -> env.putPolicy(new byte[10])));
      checkActions(first, env.rollout(2, RolloutOptions.mostLikely()), 1);
      assertEquals(2, env.putPolicy(second.toBytes()));
      checkActions(second, env.rollout(2, RolloutOptions.mostLikely()), 2);
    }
  }

  private static void checkActions(PolicyBundle bundle, Rollout rollout, long version) {
    assertEquals(version, rollout.policyVersions()[0]);
    assertEquals(0, rollout.logProbabilities().length);
    assertNull(rollout.samples());
    try (var local = bundle.policy(0)) {
      NdArray expected = local.act(rollout.observations().slice(0, 2).reshape(8, 17), true).array();
      for (int i = 0; i < expected.size(); i++) {
        assertEquals(expected.getDouble(i), rollout.actions().getDouble(i), 1e-5);
      }
    }
  }

  @Test
  void a_lost_worker_costs_one_step_and_gets_the_policy_anew() {
    try (ManagedServer own =
            ManagedServer.serveEnv(List.of("CartPole-v1"), 4, 2, "--allow-policies");
        RemoteVectorEnv env = RemoteVectorEnv.connect(own.address(), "CartPole-v1")) {
      env.putPolicy(policy(env, 1).toBytes());
      env.reset(1);
      env.rollout(10, RolloutOptions.drawn(1));
      killAWorker();
      Rollout rollout = env.rollout(20, RolloutOptions.drawn(1));
      for (int attempt = 0; attempt < 20 && !any(rollout.lost()); attempt++) {
        rollout = env.rollout(20, RolloutOptions.drawn(1));
      }
      int first = rollout.lost()[0] ? 0 : 2;
      for (int at = 0; at < 80; at++) {
        boolean isLost = at / 4 == 0 && at % 4 / 2 == first / 2;
        assertEquals(isLost, rollout.lost()[at]);
        assertEquals(isLost ? 0 : 1, rollout.policyVersions()[at]);
        assertEquals(isLost ? 0 : rollout.resets()[at] ? 0 : 1, rollout.rewards()[at]);
      }
      assertTrue(rollout.isTransition(1, first));
    }
  }

  @Test
  void numbers_of_a_rollout_that_failed_are_not_drawn_again() {
    String id = "envs_for_tests:raises_in_step";
    Path tests = Path.of(System.getProperty("gymbridge.root", ".."), "python-shim", "tests");
    try (ManagedServer own =
            PythonServers.serveEnv(
                List.of(id),
                1,
                1,
                List.of("--allow-policies"),
                Map.of("PYTHONPATH", tests.toString()));
        RemoteVectorEnv env = RemoteVectorEnv.connect(own.address(), id)) {
      env.putPolicy(policy(env, 1).toBytes());
      env.reset(1);
      assertEquals(Kind.ENVIRONMENT, kind(() -> env.rollout(5, RolloutOptions.drawn(1))));
      env.reset(1);
      Rollout rollout = env.rollout(2, RolloutOptions.drawn(1));
      assertEquals(new Rollout.Draws(1, 5), rollout.draws());
    }
  }

  /** One of the server that was started last. */
  private static void killAWorker() {
    ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().commandLine().orElse("").contains("gymbridge.env.worker"))
        .max(Comparator.comparingLong(ProcessHandle::pid))
        .orElseThrow()
        .destroyForcibly();
  }

  private static boolean any(boolean[] flags) {
    for (boolean flag : flags) {
      if (flag) {
        return true;
      }
    }
    return false;
  }

  @Test
  void a_server_that_was_not_told_to_takes_no_policies() {
    try (ManagedServer own = ManagedServer.serveEnv(List.of("CartPole-v1"), 1, 1);
        RemoteVectorEnv env = RemoteVectorEnv.connect(own.address(), "CartPole-v1")) {
      assertEquals(Kind.PERMISSION_DENIED, kind(() -> env.putPolicy(policy(env, 1).toBytes())));
    }
  }

  private static Kind kind(Runnable call) {
    return assertThrows(GymException.class, call::run).kind();
  }

  /** One draw of a lane in a step. */
  private static double uniform(long seed, int lane, long step, int draw, int draws) {
    double[] into = new double[draws];
    Noise.uniforms(seed, lane, 1, step, 1, draws, into);
    return into[draw];
  }
}
