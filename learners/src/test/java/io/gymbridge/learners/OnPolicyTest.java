package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AsyncVectorEnv;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
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

  @Test
  void lanes_that_step_apart_make_the_same_transitions() {
    for (AutoresetMode mode : List.of(AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP)) {
      assertEquals(transitions(mode), transitions(new AnyOrder(mode, 1)));
    }
    for (VectorEnv together :
        List.of(cartPole(AutoresetMode.NEXT_STEP), new AnyOrder(AutoresetMode.DISABLED, 1))) {
      Ppo.Config ppo = Ppo.Config.defaults();
      Ppo overlapping = new Ppo(ppo.withActing(ppo.acting().withOverlap(true)));
      assertThrows(GymException.class, () -> overlapping.start(together, 1000, null));
    }
  }

  @Test
  void the_order_of_arrival_changes_nothing() {
    Rollout once = rollout(new AnyOrder(AutoresetMode.SAME_STEP, 1), true);
    Rollout again = rollout(new AnyOrder(AutoresetMode.SAME_STEP, 2), true);
    assertArrayEquals(once.features, again.features);
    assertArrayEquals(once.actions, again.actions);
    assertArrayEquals(once.nextObservations, again.nextObservations);
  }

  /** Lanes that step one by one, and arrive as they like. */
  private static final class AnyOrder implements AsyncVectorEnv {
    private final List<VectorEnv> lanes = new ArrayList<>();
    private final VectorEnv all;
    private final List<Received> underWay = new ArrayList<>();
    private final Random order;

    AnyOrder(AutoresetMode mode, long order) {
      for (int lane = 0; lane < LANES; lane++) {
        lanes.add(new SyncVectorEnv(() -> Envs.make("CartPole-v1"), 1, mode));
      }
      this.all = cartPole(mode);
      this.order = new Random(order);
    }

    @Override
    public List<int[]> processes() {
      return List.of(new int[] {0, 1, 2}, new int[] {3, 4, 5, 6, 7});
    }

    @Override
    public void send(Value actions, int... envIds) {
      for (int i = 0; i < envIds.length; i++) {
        underWay.add(
            new Received(new int[] {envIds[i]}, lanes.get(envIds[i]).step(actions.slice(i, 1))));
      }
    }

    @Override
    public Received recv(int minimum) {
      return underWay.remove(order.nextInt(underWay.size()));
    }

    @Override
    public int underWay() {
      return underWay.size();
    }

    @Override
    public Reset reset(long @Nullable [] seeds, boolean @Nullable [] mask, Map<String, ?> options) {
      for (int lane = 0; lane < LANES; lane++) {
        if (mask == null || mask[lane]) {
          Reset unused =
              lanes.get(lane).reset(seeds == null ? null : new long[] {seeds[lane]}, null, options);
        }
      }
      // The same seeds make the same episodes.
      return all.reset(seeds, mask, options);
    }

    @Override
    public Step step(Value actions) {
      return all.step(actions);
    }

    @Override
    public int numEnvs() {
      return LANES;
    }

    @Override
    public EnvSpec spec() {
      return all.spec();
    }

    @Override
    public AutoresetMode autoresetMode() {
      return all.autoresetMode();
    }

    @Override
    public List<@Nullable NdArray> render(int... which) {
      return all.render(which);
    }

    @Override
    public void close() {
      lanes.forEach(VectorEnv::close);
      all.close();
    }
  }

  private static Rollout rollout(VectorEnv env, boolean normalise) {
    PolicyNetwork policy =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            PolicyNetwork.Architecture.defaults(),
            1);
    RolloutCollector collector =
        new RolloutCollector(env, policy, normalise, env instanceof AsyncVectorEnv, 2);
    Rollout rollout = collector.rollout(300);
    collector.reset(5);
    collector.collect(rollout);
    return rollout;
  }

  private static List<List<String>> transitions(AutoresetMode mode) {
    return transitions(cartPole(mode));
  }

  /** What each lane's transitions are, with a policy that does not learn. */
  private static List<List<String>> transitions(VectorEnv env) {
    Rollout rollout = rollout(env, false);
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
