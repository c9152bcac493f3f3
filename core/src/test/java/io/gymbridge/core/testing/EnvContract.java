package io.gymbridge.core.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What holds for every {@link Env}, local or remote. */
public abstract class EnvContract {
  /** Steps by which an episode of random actions must have ended. */
  private static final int PATIENCE = 100_000;

  private Env env;

  /** Makes the environment to test. */
  protected abstract Env make();

  /** Whether a seed decides anything: false for a world without chance. */
  protected boolean dependsOnSeed() {
    return true;
  }

  @BeforeEach
  void open() {
    env = make();
  }

  @AfterEach
  void close() {
    env.close();
  }

  @Test
  public void same_seed_and_actions_give_the_same_episode() {
    assertEquals(play(7, 0, 20), play(7, 0, 20));
  }

  @Test
  public void another_seed_gives_another_episode() {
    assumeTrue(dependsOnSeed());
    assertNotEquals(play(1, 0, 50), play(2, 0, 50));
  }

  @Test
  public void unseeded_resets_go_on_with_the_generator() {
    List<Value> once = List.of(env.reset(3).observation(), env.reset().observation());
    List<Value> again = List.of(env.reset(3).observation(), env.reset().observation());
    assertEquals(once, again);
  }

  @Test
  public void observations_are_members_of_their_space() {
    for (Object observation : play(5, 5, 50)) {
      if (observation instanceof Value value) {
        assertNull(env.spec().observationSpace().whyNot(value));
      }
    }
  }

  @Test
  public void step_before_the_first_reset_is_refused() {
    Value action = env.spec().actionSpace().sample(new Random(0));
    assertKind(Kind.FAILED_PRECONDITION, () -> env.step(action));
    env.reset(1);
    env.step(action);
  }

  @Test
  public void step_after_the_end_is_refused_until_a_reset() {
    Random random = new Random(1);
    env.reset(1);
    Env.Step step;
    int steps = 0;
    do {
      step = env.step(env.spec().actionSpace().sample(random));
    } while (!step.terminated() && !step.truncated() && ++steps < PATIENCE);
    assertTrue(steps < PATIENCE, "the episode does not end");
    Value action = env.spec().actionSpace().sample(random);
    assertKind(Kind.FAILED_PRECONDITION, () -> env.step(action));
    env.reset();
    env.step(action);
  }

  @Test
  public void action_of_another_shape_is_refused_and_the_episode_goes_on() {
    env.reset(1);
    assertKind(Kind.INVALID_ARGUMENT, () -> env.step(NdArray.of(new double[77], 7, 11)));
    env.step(env.spec().actionSpace().sample(new Random(0)));
  }

  @Test
  public void closing_twice_is_allowed() {
    env.reset(1);
    env.close();
    env.close();
  }

  /** Observations and rewards, and the reset's observation first. */
  private List<Object> play(long seed, long actionSeed, int steps) {
    Random random = new Random(actionSeed);
    List<Object> seen = new ArrayList<>();
    seen.add(env.reset(seed, Map.of()).observation());
    for (int i = 0; i < steps; i++) {
      Env.Step step = env.step(env.spec().actionSpace().sample(random));
      seen.add(step.observation());
      seen.add(step.reward());
      if (step.terminated() || step.truncated()) {
        seen.add(env.reset().observation());
      }
    }
    return seen;
  }

  private static void assertKind(Kind kind, Runnable call) {
    assertEquals(kind, assertThrows(GymException.class, call::run).kind());
  }
}
