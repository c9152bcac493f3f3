package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Reinforcement learning that has to learn. */
class OnPolicyTest {
  private static final int LANES = 8;

  private static VectorEnv cartPole(AutoresetMode mode) {
    return new SyncVectorEnv(() -> Envs.make("CartPole-v1"), LANES, mode);
  }

  private static Ppo ppo(long seed) {
    Ppo.Config defaults = Ppo.Config.defaults();
    return new Ppo(defaults.withActing(defaults.acting().withSeed(seed)));
  }

  static double play(PolicyNetwork network) {
    try (Policy policy = network.toPolicy(0);
        VectorEnv env = cartPole(AutoresetMode.NEXT_STEP)) {
      return Evaluation.of(EpisodeLoop.play(env, policy, true, 16, 1000, episode -> {})).mean();
    }
  }

  @Test
  void ppo_balances_the_pole() {
    for (long seed = 0; seed < 3; seed++) {
      PolicyNetwork network =
          ppo(seed).start(cartPole(AutoresetMode.SAME_STEP), 100_000, null).run(now -> {});
      assertTrue(play(network) >= 475, "seed " + seed);
    }
  }

  @Test
  void trpo_balances_the_pole_within_its_trust_region() {
    List<Double> divergences = new ArrayList<>();
    PolicyNetwork network =
        new Trpo(Trpo.Config.defaults())
            .start(cartPole(AutoresetMode.NEXT_STEP), 60_000, null)
            .run(now -> divergences.add(now.diagnostics().divergence()));
    assertTrue(play(network) >= 475);
    for (double divergence : divergences) {
      assertTrue(divergence >= 0 && divergence <= 0.015, "KL " + divergence);
    }
  }

  @Test
  void the_same_seed_gives_the_same_policy() {
    float[] once = train(3).trained();
    assertArrayEquals(once, train(3).trained());
    assertTrue(!java.util.Arrays.equals(once, train(4).trained()));
  }

  private static PolicyNetwork train(long seed) {
    return ppo(seed).start(cartPole(AutoresetMode.SAME_STEP), 4_000, null).run(now -> {});
  }

  @Test
  void the_same_transitions_come_of_all_autoreset_modes() {
    List<List<String>> lanes = transitions(AutoresetMode.SAME_STEP);
    for (AutoresetMode mode : List.of(AutoresetMode.NEXT_STEP, AutoresetMode.DISABLED)) {
      List<List<String>> others = transitions(mode);
      for (int lane = 0; lane < LANES; lane++) {
        int common = Math.min(lanes.get(lane).size(), others.get(lane).size());
        assertTrue(common > 250);
        assertEquals(lanes.get(lane).subList(0, common), others.get(lane).subList(0, common));
      }
    }
  }

  /** What each lane's transitions are, with a policy that does not learn. */
  private static List<List<String>> transitions(AutoresetMode mode) {
    VectorEnv env = cartPole(mode);
    PolicyNetwork policy =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            PolicyNetwork.Architecture.defaults(),
            1);
    RolloutCollector collector = new RolloutCollector(env, policy, false, 2);
    Rollout rollout = collector.rollout(300);
    collector.reset(5);
    collector.collect(rollout);
    List<List<String>> lanes = new ArrayList<>();
    for (int lane = 0; lane < LANES; lane++) {
      List<String> transitions = new ArrayList<>();
      for (int step = 0; step < rollout.steps; step++) {
        int row = step * LANES + lane;
        if (rollout.valid[row]) {
          transitions.add(
              rollout.observations[row * 4]
                  + " "
                  + rollout.actions[row]
                  + " "
                  + rollout.rewards[row]
                  + " "
                  + rollout.nextObservations[row * 4]
                  + " "
                  + rollout.terminated[row]
                  + rollout.truncated[row]);
        }
      }
      lanes.add(transitions);
    }
    return lanes;
  }
}
