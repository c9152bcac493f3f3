package io.gymbridge.core.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What holds for every {@link VectorEnv}, local or remote, whose episodes end within a few hundred
 * random actions. Its episodes must depend on the seed.
 */
public abstract class VectorEnvContract {

  /** Makes the environment to test. */
  protected abstract VectorEnv make(int numEnvs, AutoresetMode mode);

  @Test
  public void same_seed_and_actions_give_the_same_steps() {
    try (VectorEnv env = make(3, AutoresetMode.NEXT_STEP)) {
      assertEquals(play(env, 7, 40), play(env, 7, 40));
    }
  }

  @Test
  public void lane_depends_on_its_own_seed_only() {
    Value all;
    try (VectorEnv env = make(3, AutoresetMode.NEXT_STEP)) {
      all = env.reset(10).observations();
    }
    try (VectorEnv env = make(1, AutoresetMode.NEXT_STEP)) {
      for (int lane = 0; lane < 3; lane++) {
        assertEquals(all.row(lane), env.reset(10 + lane).observations().row(0));
      }
    }
  }

  @Test
  public void unseeded_reset_goes_on_with_the_generators() {
    try (VectorEnv env = make(2, AutoresetMode.NEXT_STEP)) {
      env.reset(3);
      Value once = env.reset().observations();
      env.reset(3);
      assertEquals(once, env.reset().observations());
    }
  }

  @Test
  public void observations_are_members_of_their_space() {
    try (VectorEnv env = make(2, AutoresetMode.SAME_STEP)) {
      env.reset(1);
      Random random = new Random(1);
      for (int i = 0; i < 30; i++) {
        Value observations = env.step(sample(env, random)).observations();
        assertEquals(2, observations.batchSize());
        for (int lane = 0; lane < 2; lane++) {
          assertNull(env.spec().observationSpace().whyNot(observations.row(lane)));
        }
      }
    }
  }

  @Test
  public void step_after_an_end_is_a_dummy_under_next_step() {
    try (VectorEnv env = make(2, AutoresetMode.NEXT_STEP)) {
      env.reset(1);
      Random random = new Random(1);
      VectorEnv.Step step = stepToAnEnd(env, random);
      int lane = step.ended(0) ? 0 : 1;
      assertNull(step.finalObservations());
      VectorEnv.Step dummy = env.step(sample(env, random));
      assertEquals(0, dummy.rewards()[lane]);
      assertFalse(dummy.ended(lane));
    }
  }

  @Test
  public void end_comes_with_its_last_observation_under_same_step() {
    try (VectorEnv env = make(2, AutoresetMode.SAME_STEP)) {
      env.reset(1);
      VectorEnv.Step step = stepToAnEnd(env, new Random(1));
      int endings = (step.ended(0) ? 1 : 0) + (step.ended(1) ? 1 : 0);
      assertNotNull(step.finalObservations());
      assertEquals(endings, step.finalObservations().batchSize());
    }
  }

  @Test
  public void both_autoreset_modes_give_the_same_episodes() {
    assertEpisodesEqual(episodes(AutoresetMode.NEXT_STEP), episodes(AutoresetMode.SAME_STEP));
  }

  @Test
  public void step_before_the_first_reset_is_refused() {
    try (VectorEnv env = make(2, AutoresetMode.NEXT_STEP)) {
      Value actions = sample(env, new Random(0));
      assertKind(Kind.FAILED_PRECONDITION, () -> env.step(actions));
      env.reset(1);
      env.step(actions);
    }
  }

  @Test
  public void wrong_actions_and_seeds_are_refused_and_the_episodes_go_on() {
    try (VectorEnv env = make(2, AutoresetMode.NEXT_STEP)) {
      env.reset(1);
      Value actions = sample(env, new Random(0));
      assertKind(Kind.INVALID_ARGUMENT, () -> env.step(actions.take(new int[] {0, 1, 0})));
      assertKind(Kind.INVALID_ARGUMENT, () -> env.step(NdArray.of(new double[154], 2, 7, 11)));
      assertKind(Kind.INVALID_ARGUMENT, () -> env.reset(new long[5], Map.of()));
      env.step(actions);
    }
  }

  @Test
  public void step_after_an_end_is_refused_until_a_reset_by_mask_under_disabled() {
    try (VectorEnv env = make(3, AutoresetMode.DISABLED)) {
      env.reset(1);
      Random random = new Random(1);
      VectorEnv.Step step = stepToAnEnd(env, random);
      Value actions = sample(env, random);
      assertKind(Kind.FAILED_PRECONDITION, () -> env.step(actions));
      boolean[] ended = {step.ended(0), step.ended(1), step.ended(2)};
      Value observations = env.reset(new long[] {5, 6, 7}, ended, Map.of()).observations();
      try (VectorEnv fresh = make(3, AutoresetMode.DISABLED)) {
        Value first = fresh.reset(5).observations();
        for (int lane = 0; lane < 3; lane++) {
          Value expected = (ended[lane] ? first : step.observations()).row(lane);
          assertEquals(expected, observations.row(lane));
        }
      }
      env.step(actions);
    }
  }

  @Test
  public void partial_reset_goes_before_that_of_the_next_step() {
    try (VectorEnv env = make(3, AutoresetMode.NEXT_STEP)) {
      env.reset(1);
      Random random = new Random(1);
      VectorEnv.Step step = stepToAnEnd(env, random);
      boolean[] ended = {step.ended(0), step.ended(1), step.ended(2)};
      Value observations = env.reset(new long[] {5, 6, 7}, ended, Map.of()).observations();
      Value actions = sample(env, random);
      VectorEnv.Step next = env.step(actions);
      try (VectorEnv fresh = make(3, AutoresetMode.NEXT_STEP)) {
        Value first = fresh.reset(5).observations();
        VectorEnv.Step second = fresh.step(actions);
        for (int lane = 0; lane < 3; lane++) {
          Value expected = (ended[lane] ? first : step.observations()).row(lane);
          assertEquals(expected, observations.row(lane));
          if (ended[lane]) {
            assertEquals(second.observations().row(lane), next.observations().row(lane));
            assertEquals(second.rewards()[lane], next.rewards()[lane]);
          }
        }
      }
    }
  }

  @Test
  public void partial_reset_leaves_the_other_lanes_alone_under_same_step() {
    try (VectorEnv env = make(2, AutoresetMode.SAME_STEP)) {
      Value first = env.reset(1).observations();
      Value stepped = env.step(sample(env, new Random(1))).observations();
      boolean[] one = {true, false};
      Value observations = env.reset(new long[] {1, 2}, one, Map.of()).observations();
      assertEquals(first.row(0), observations.row(0));
      assertEquals(stepped.row(1), observations.row(1));
      assertKind(Kind.INVALID_ARGUMENT, () -> env.reset(null, new boolean[5], Map.of()));
    }
  }

  @Test
  public void closing_twice_is_allowed() {
    VectorEnv env = make(1, AutoresetMode.NEXT_STEP);
    env.reset(1);
    env.close();
    env.close();
  }

  private List<Trajectory> episodes(AutoresetMode mode) {
    try (VectorEnv env = make(3, mode)) {
      return EpisodeLoop.play(
          env,
          (observations, active) -> actionsFor(env.spec().actionSpace(), observations),
          7,
          11,
          episode -> {});
    }
  }

  /** Compares episodes in every part. */
  protected static void assertEpisodesEqual(List<Trajectory> expected, List<Trajectory> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i).observations(), actual.get(i).observations());
      assertEquals(expected.get(i).actions(), actual.get(i).actions());
      org.junit.jupiter.api.Assertions.assertArrayEquals(
          expected.get(i).rewards(), actual.get(i).rewards());
      assertEquals(expected.get(i).terminated(), actual.get(i).terminated());
      assertEquals(expected.get(i).truncated(), actual.get(i).truncated());
    }
  }

  /** Arbitrary actions that depend on nothing but the observations. */
  protected static Value actionsFor(Space space, Value observations) {
    List<Value> actions = new ArrayList<>();
    for (int lane = 0; lane < observations.batchSize(); lane++) {
      actions.add(space.sample(new Random(observations.row(lane).hashCode())));
    }
    return Value.stack(actions);
  }

  /** Random actions for all lanes. */
  protected static Value sample(VectorEnv env, Random random) {
    List<Value> actions = new ArrayList<>();
    for (int lane = 0; lane < env.numEnvs(); lane++) {
      actions.add(env.spec().actionSpace().sample(random));
    }
    return Value.stack(actions);
  }

  private static VectorEnv.Step stepToAnEnd(VectorEnv env, Random random) {
    for (int i = 0; i < 2_000; i++) {
      VectorEnv.Step step = env.step(sample(env, random));
      for (int lane = 0; lane < env.numEnvs(); lane++) {
        if (step.ended(lane)) {
          return step;
        }
      }
    }
    throw new AssertionError("no episode ends");
  }

  private static List<Object> play(VectorEnv env, long seed, int steps) {
    Random random = new Random(seed);
    List<Object> seen = new ArrayList<>();
    seen.add(env.reset(seed).observations());
    for (int i = 0; i < steps; i++) {
      VectorEnv.Step step = env.step(sample(env, random));
      seen.add(step.observations());
      for (double reward : step.rewards()) {
        seen.add(reward);
      }
    }
    assertTrue(seen.size() > steps);
    return seen;
  }

  private static void assertKind(Kind kind, Runnable call) {
    assertEquals(kind, assertThrows(GymException.class, call::run).kind());
  }
}
