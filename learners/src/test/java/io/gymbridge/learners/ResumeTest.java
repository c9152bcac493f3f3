package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training that is interrupted and resumed is the training that was not. */
class ResumeTest {
  private static final int STEPS = 8 * 64 * 6;

  private static VectorEnv pendulum() {
    return new SyncVectorEnv(() -> Envs.make("Pendulum-v1"), 8, AutoresetMode.NEXT_STEP);
  }

  private static Transitions demonstrations() {
    try (VectorEnv env = pendulum()) {
      return new Demonstrations(
              env.spec().observationSpace(),
              env.spec().actionSpace(),
              EpisodeLoop.play(
                  env,
                  (seen, active) -> NdArray.of(new float[active.length], active.length, 1),
                  2,
                  3,
                  episode -> {}))
          .transitions();
    }
  }

  private static OnPolicy.Config acting(OnPolicy.Config defaults) {
    return defaults.withRolloutSteps(64).withSeed(5);
  }

  private static OnPolicy start(String algorithm, VectorEnv env) {
    Ppo.Config ppo = Ppo.Config.defaults();
    ppo = ppo.withActing(acting(ppo.acting()));
    Trpo.Config trpo = Trpo.Config.defaults();
    trpo = trpo.withActing(acting(trpo.acting()));
    AdversarialConfig adversarial =
        new AdversarialConfig(trpo, 64, 2, 1e-3, 0.1, true, 1e-3, 700, true);
    return switch (algorithm) {
      case "ppo" -> new Ppo(ppo).start(env, STEPS, null);
      case "trpo" -> new Trpo(trpo).start(env, STEPS, null);
      case "gail" ->
          new Gail(Gail.Config.defaults().withAdversarial(adversarial))
              .start(env, demonstrations(), STEPS, null);
      default ->
          new Airl(Airl.Config.defaults().withAdversarial(adversarial.withGenerator(ppo)))
              .start(env, demonstrations(), STEPS, null);
    };
  }

  private static float[] finish(OnPolicy training) {
    return training.run(progress -> {}).trained().clone();
  }

  private static void check(String algorithm, Supplier<VectorEnv> environments) {
    OnPolicy whole = start(algorithm, environments.get());
    whole.round();
    whole.round();
    byte[] saved = whole.save();
    whole.round();
    assertFalse(Arrays.equals(saved, whole.save()));

    OnPolicy first = start(algorithm, environments.get());
    first.round();
    first.round();
    assertArrayEquals(saved, first.save(), "what is saved depends on nothing else");

    OnPolicy resumed = start(algorithm, environments.get());
    resumed.restore(saved);
    assertEquals(2 * 8 * 64, resumed.steps());
    resumed.round();
    // Where environments cannot be saved, a save begins new episodes: do as the other one did.
    resumed.save();
    assertArrayEquals(finish(whole), finish(resumed));
    assertTrue(resumed.done());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ppo", "trpo", "gail", "airl"})
  void resumed_is_as_if_not_interrupted(String algorithm) {
    check(algorithm, ResumeTest::pendulum);
  }

  @Test
  void the_same_goes_for_environments_that_cannot_be_saved() {
    check("ppo", () -> new Unsaved(pendulum()));
  }

  /** Swings to the side to which the pendulum falls. */
  private static Policy swinger() {
    EnvSpec spec = Envs.make("Pendulum-v1").spec();
    return new Policy() {
      @Override
      public Space observationSpace() {
        return spec.observationSpace();
      }

      @Override
      public Space actionSpace() {
        return spec.actionSpace();
      }

      @Override
      public Value act(Value observations, boolean deterministic) {
        NdArray seen = observations.array();
        float[] torques = new float[seen.batchSize()];
        for (int i = 0; i < torques.length; i++) {
          torques[i] = (float) Math.tanh(seen.getDouble(3 * i + 2) - seen.getDouble(3 * i + 1));
        }
        return NdArray.of(torques, torques.length, 1);
      }
    };
  }

  private static DAgger dagger(Supplier<VectorEnv> environments, Policy expert) {
    DAgger.Config config =
        new DAgger.Config(
            BehavioralCloning.Config.defaults().withSteps(200).withSeed(5),
            4,
            3,
            DAgger.Schedule.exponential(0.5),
            1,
            100,
            100,
            true,
            2,
            5_000,
            2,
            0.5,
            10_000);
    return new DAgger(config, environments.get(), expert);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_resumed_dagger_is_as_if_not_interrupted(boolean continuous) {
    Policy expert = continuous ? swinger() : Problems.balancer();
    Supplier<VectorEnv> environments =
        () -> new Unsaved(continuous ? pendulum() : Problems.cartPoles(2, AutoresetMode.NEXT_STEP));
    DAgger whole = dagger(environments, expert);
    whole.round();
    whole.round();
    byte[] saved = whole.save();

    DAgger resumed = dagger(environments, expert);
    resumed.restore(saved);
    assertArrayEquals(saved, resumed.save());
    assertEquals(2, resumed.rounds());
    assertEquals(whole.queries(), resumed.queries());
    assertArrayEquals(whole.run().toOnnx(), resumed.run().toOnnx());
    assertArrayEquals(whole.save(), resumed.save(), "as well as what was asked and is known");
    assertThrows(GymException.class, () -> start("ppo", pendulum()).restore(saved));
  }

  @Test
  void what_does_not_fit_is_refused_and_harms_nothing() {
    OnPolicy training = start("ppo", pendulum());
    byte[] saved = training.save();
    byte[] damaged = saved.clone();
    damaged[damaged.length / 2] ^= 1;
    assertThrows(GymException.class, () -> training.restore(damaged));
    assertThrows(GymException.class, () -> start("gail", pendulum()).restore(saved));
    training.restore(saved);
    assertArrayEquals(finish(start("ppo", pendulum())), finish(training));
  }

  @Test
  void a_training_starts_from_a_policy_that_fits() {
    PolicyNetwork policy = start("ppo", pendulum()).run(progress -> {});
    Ppo.Config config = Ppo.Config.defaults();
    OnPolicy next = new Ppo(config).start(pendulum(), 1, policy);
    assertArrayEquals(policy.trained(), next.policy().trained());
    assertArrayEquals(policy.encoder().mean(), next.policy().encoder().mean());
    VectorEnv other = new SyncVectorEnv(() -> Envs.make("CartPole-v1"), 8, AutoresetMode.NEXT_STEP);
    assertThrows(GymException.class, () -> new Ppo(config).start(other, 1, policy));
  }

  /** Hides that lanes can be saved. */
  private static final class Unsaved implements VectorEnv {
    private final VectorEnv env;

    Unsaved(VectorEnv env) {
      this.env = env;
    }

    @Override
    public EnvSpec spec() {
      return env.spec();
    }

    @Override
    public int numEnvs() {
      return env.numEnvs();
    }

    @Override
    public AutoresetMode autoresetMode() {
      return env.autoresetMode();
    }

    @Override
    public Reset reset(
        long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
      return env.reset(seeds, lanes, options);
    }

    @Override
    public Step step(Value actions) {
      return env.step(actions);
    }

    @Override
    public List<@Nullable NdArray> render(int... lanes) {
      return env.render(lanes);
    }

    @Override
    public void close() {
      env.close();
    }
  }
}
