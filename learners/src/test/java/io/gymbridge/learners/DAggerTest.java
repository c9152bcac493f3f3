package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DAggerTest {
  private static DAgger.Config config(int rounds, long seed) {
    return DAgger.Config.defaults()
        .withRounds(rounds)
        .withCloning(BehavioralCloning.Config.defaults().withSteps(2_000).withSeed(seed));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2})
  void cart_pole_is_balanced_as_the_expert_does(long seed) {
    try (VectorEnv env = Problems.cartPoles(4, AutoresetMode.NEXT_STEP)) {
      DAgger dagger = new DAgger(config(4, seed), env, Problems.balancer());
      dagger.run();
      assertEquals(500, dagger.evaluate(20, 77).mean());
    }
  }

  @Test
  void labels_and_network_are_the_same_in_both_autoreset_modes() {
    List<byte[]> networks = new ArrayList<>();
    for (AutoresetMode mode : List.of(AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP)) {
      try (VectorEnv env = Problems.cartPoles(2, mode);
          VectorEnv evaluationEnv = Problems.cartPoles(2, AutoresetMode.NEXT_STEP)) {
        List<Integer> samples = new ArrayList<>();
        DAgger dagger =
            new DAgger(
                config(2, 0),
                env,
                evaluationEnv,
                Problems.balancer(),
                null,
                round -> samples.add(round.samples()));
        dagger.run();
        assertEquals(2, samples.size());
        networks.add(dagger.policy().toOnnx());
      }
    }
    assertArrayEquals(networks.get(0), networks.get(1));
  }

  @Test
  void every_step_is_labelled_once_and_demonstrations_count() {
    Policy expert = Problems.balancer();
    try (VectorEnv env = Problems.cartPoles(3, AutoresetMode.NEXT_STEP)) {
      Demonstrations demonstrations =
          new Demonstrations(
              expert.observationSpace(),
              expert.actionSpace(),
              EpisodeLoop.play(env, expert, true, 2, 9, episode -> {}));
      DAgger dagger = new DAgger(config(1, 0), env, expert);
      dagger.add(demonstrations);
      assertEquals(demonstrations.steps(), dagger.samples());
      DAgger.Round round = dagger.round();
      int steps = java.util.Arrays.stream(round.rollouts().lengths()).sum();
      assertEquals(4, round.rollouts().episodes());
      assertEquals(demonstrations.steps() + steps, dagger.samples());
    }
  }

  @Test
  void schedules_fall_from_the_expert_to_the_learner() {
    assertArrayEquals(new double[] {1, 0.5, 0, 0}, betas(DAgger.Schedule.linear(2)));
    assertArrayEquals(new double[] {1, 0.5, 0.25, 0.125}, betas(DAgger.Schedule.exponential(0.5)));
    assertArrayEquals(new double[] {1, 0, 0, 0}, betas(DAgger.Schedule.expertFirst()));
    assertArrayEquals(new double[] {0, 0, 0, 0}, betas(DAgger.Schedule.learnerOnly()));
    for (String name : List.of("expert-first", "learner-only", "linear:7", "exponential:0.7")) {
      assertEquals(name, DAgger.Schedule.parse(name).toString());
    }
    assertThrows(IllegalArgumentException.class, () -> DAgger.Schedule.parse("sometimes"));
  }

  private static double[] betas(DAgger.Schedule schedule) {
    return new double[] {schedule.beta(0), schedule.beta(1), schedule.beta(2), schedule.beta(3)};
  }

  @Test
  void an_expert_that_fails_stops_the_round_with_its_error() {
    Policy broken =
        new Policy() {
          @Override
          public io.gymbridge.core.Space observationSpace() {
            return Problems.balancer().observationSpace();
          }

          @Override
          public io.gymbridge.core.Space actionSpace() {
            return Problems.balancer().actionSpace();
          }

          @Override
          public io.gymbridge.core.Value act(
              io.gymbridge.core.Value observations, boolean deterministic) {
            return io.gymbridge.core.NdArray.of(new long[] {0}, 1);
          }
        };
    try (VectorEnv env = Problems.cartPoles(2, AutoresetMode.NEXT_STEP)) {
      DAgger dagger = new DAgger(config(1, 0), env, broken);
      RuntimeException error = assertThrows(RuntimeException.class, dagger::round);
      assertTrue(
          String.valueOf(error.getMessage()).contains("1 actions for 2"), String.valueOf(error));
    }
  }

  @Test
  void same_seed_gives_the_same_network_to_the_last_bit() {
    assertArrayEquals(trained(3), trained(3));
    assertFalse(Arrays.equals(trained(3), trained(4)));
  }

  private static byte[] trained(long seed) {
    try (VectorEnv env = Problems.cartPoles(2, AutoresetMode.NEXT_STEP)) {
      DAgger.Config brief =
          new DAgger.Config(
              config(2, seed).cloning().withSteps(200),
              2,
              2,
              DAgger.Schedule.exponential(0.5),
              1,
              100,
              100,
              true,
              0,
              0,
              1,
              0.4,
              0);
      return new DAgger(brief, env, Problems.balancer()).run().toOnnx();
    }
  }

  @Test
  void an_action_outside_the_space_is_refused() {
    Policy good = Problems.balancer();
    Policy wrong =
        new Policy() {
          @Override
          public Space observationSpace() {
            return good.observationSpace();
          }

          @Override
          public Space actionSpace() {
            return good.actionSpace();
          }

          @Override
          public Value act(Value observations, boolean deterministic) {
            long[] sevens = new long[observations.batchSize()];
            Arrays.fill(sevens, 7);
            return NdArray.of(sevens, sevens.length);
          }
        };
    try (VectorEnv env = Problems.cartPoles(2, AutoresetMode.NEXT_STEP)) {
      DAgger dagger = new DAgger(config(1, 0), env, wrong);
      GymException error = assertThrows(GymException.class, dagger::round);
      assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
    }
  }

  /** A balancer that notes which observations it was asked about. */
  private static Policy noting(List<Value> asked) {
    Policy balancer = Problems.balancer();
    return new Policy() {
      @Override
      public Space observationSpace() {
        return balancer.observationSpace();
      }

      @Override
      public Space actionSpace() {
        return balancer.actionSpace();
      }

      @Override
      public Value act(Value observations, boolean deterministic) {
        asked.add(observations);
        return balancer.act(observations, deterministic);
      }
    };
  }

  private static DAgger.Config brief(long budget, int ensemble, double rate, int cache) {
    return new DAgger.Config(
            config(3, 0).cloning().withSteps(200),
            3,
            4,
            DAgger.Schedule.expertFirst(),
            1,
            100,
            100,
            true,
            0,
            0,
            1,
            1,
            0)
        .withQueries(budget, ensemble, rate, cache);
  }

  @Test
  void an_ensemble_asks_about_a_share_of_the_states_and_about_the_same_ones_again() {
    List<List<Value>> asked = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    List<byte[]> networks = new ArrayList<>();
    for (int run = 0; run < 3; run++) {
      // The states are decided lane by lane, so that the autoreset mode makes no difference.
      AutoresetMode mode = run == 2 ? AutoresetMode.SAME_STEP : AutoresetMode.NEXT_STEP;
      try (VectorEnv env = Problems.cartPoles(2, mode)) {
        DAgger dagger = new DAgger(brief(0, 3, 0.4, 0), env, noting(asked.get(run)));
        DAgger.Round first = dagger.round();
        assertEquals(0, first.queries().gatedShare(), "where the expert acts it is asked");
        dagger.round();
        DAgger.Queries all = dagger.queries();
        double share =
            (all.queries() - first.queries().queries())
                / (double) (all.states() - first.queries().states());
        assertTrue(share > 0.1 && share < 0.7, "asked about " + share);
        assertEquals(all.queries(), asked.get(run).stream().mapToInt(Value::batchSize).sum());
        assertEquals(all.queries(), dagger.samples());
        networks.add(dagger.policy().toOnnx());
      }
    }
    assertEquals(asked.get(0), asked.get(1));
    assertArrayEquals(networks.get(0), networks.get(1));
    assertArrayEquals(networks.get(0), networks.get(2));
  }

  @Test
  void a_spent_budget_ends_the_training_with_all_labels_used() {
    List<Value> asked = new ArrayList<>();
    try (VectorEnv env = Problems.cartPoles(2, AutoresetMode.NEXT_STEP)) {
      DAgger dagger = new DAgger(brief(301, 1, 1, 0), env, noting(asked));
      dagger.run();
      assertEquals(301, dagger.queries().queries());
      assertEquals(301, asked.stream().mapToInt(Value::batchSize).sum());
      assertEquals(301, dagger.samples());
      assertTrue(dagger.queries().gatedShare() > 0);
    }
  }

  @Test
  void a_cache_saves_questions_and_changes_nothing_else() {
    List<byte[]> networks = new ArrayList<>();
    List<DAgger.Queries> asked = new ArrayList<>();
    for (int cache : new int[] {0, 100_000}) {
      try (VectorEnv env = Problems.cartPoles(1, AutoresetMode.NEXT_STEP)) {
        DAgger dagger = new DAgger(brief(0, 1, 1, cache), env, Problems.balancer());
        // Rounds of the same number begin in the same states.
        dagger.round();
        dagger.startAt(0);
        dagger.round();
        networks.add(dagger.policy().toOnnx());
        asked.add(dagger.queries());
      }
    }
    assertArrayEquals(networks.get(0), networks.get(1));
    assertEquals(0, asked.get(0).cacheHits());
    assertEquals(asked.get(0).queries(), asked.get(1).queries() + asked.get(1).cacheHits());
    assertTrue(asked.get(1).cacheHits() >= asked.get(1).queries(), asked.get(1).toString());
  }

  @Test
  void training_goes_on_from_a_network_that_fits_and_from_no_other() {
    Policy expert = Problems.balancer();
    PolicyNetwork.Architecture small =
        new PolicyNetwork.Architecture(List.of(8), io.gymbridge.learners.nn.Activation.TANH);
    PolicyNetwork fits =
        PolicyNetwork.create(
            expert.observationSpace(),
            expert.actionSpace(),
            PolicyNetwork.Architecture.defaults(),
            9);
    try (VectorEnv env = Problems.cartPoles(1, AutoresetMode.NEXT_STEP)) {
      DAgger dagger = new DAgger(brief(0, 1, 1, 0), env, env, expert, fits, round -> {});
      assertArrayEquals(fits.toOnnx(), dagger.policy().toOnnx());
      for (PolicyNetwork other :
          List.of(
              PolicyNetwork.create(expert.observationSpace(), expert.actionSpace(), small, 9),
              PolicyNetwork.create(
                  Problems.OBSERVATIONS,
                  expert.actionSpace(),
                  PolicyNetwork.Architecture.defaults(),
                  9))) {
        GymException error =
            assertThrows(
                GymException.class,
                () -> new DAgger(brief(0, 1, 1, 0), env, env, expert, other, round -> {}));
        assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
      }
    }
  }
}
