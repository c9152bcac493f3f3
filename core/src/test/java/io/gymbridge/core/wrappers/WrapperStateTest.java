package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Env;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.StatefulEnv;
import io.gymbridge.core.TimeLimit;
import io.gymbridge.core.Value;
import io.gymbridge.core.testing.CountingEnv;
import io.gymbridge.core.testing.RandomSpaces;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Saved states of wrapped environments. */
class WrapperStateTest {

  static Map<String, UnaryOperator<Env>> wrappers() {
    Map<String, UnaryOperator<Env>> wrappers = new LinkedHashMap<>();
    wrappers.put("TimeLimit", TimeLimit::new);
    wrappers.put("FlattenObservation", FlattenObservation::new);
    wrappers.put("FrameStackObservation", env -> new FrameStackObservation(env, 4));
    wrappers.put("NormalizeObservation", NormalizeObservation::new);
    wrappers.put("NormalizeReward", NormalizeReward::new);
    wrappers.put("RecordEpisodeStatistics", env -> new RecordEpisodeStatistics(env, () -> 0));
    wrappers.put(
        "all of them",
        env -> {
          Env wrapped = env;
          for (String name : List.copyOf(wrappers.keySet())) {
            if (!name.equals("all of them")) {
              wrapped = Objects.requireNonNull(wrappers.get(name)).apply(wrapped);
            }
          }
          return wrapped;
        });
    return wrappers;
  }

  static List<String> names() {
    return List.copyOf(wrappers().keySet());
  }

  private static StatefulEnv make(String name) {
    return StatefulEnv.of(
        Objects.requireNonNull(wrappers().get(name)).apply(new TimeLimit(new WalkEnv())));
  }

  private static List<Object> play(Env env, int steps) {
    List<Object> seen = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      Env.Step step = env.step(NdArray.of(new long[] {i % 3}));
      seen.add(step);
      if (step.terminated() || step.truncated()) {
        seen.add(env.reset());
      }
    }
    return seen;
  }

  @ParameterizedTest
  @MethodSource("names")
  void a_restored_wrapper_goes_on_bit_for_bit(String name) {
    StatefulEnv env = make(name);
    byte[] fresh = env.saveState();
    env.reset(3);
    play(env, 31);
    byte[] saved = env.saveState();
    List<Object> once = play(env, 50);
    byte[] later = env.saveState();
    env.restoreState(saved);
    assertEquals(once, play(env, 50));

    StatefulEnv other = make(name);
    other.restoreState(saved);
    assertArrayEquals(saved, other.saveState());
    assertEquals(once, play(other, 50));
    assertArrayEquals(later, other.saveState());
    other.restoreState(fresh);
    assertArrayEquals(fresh, other.saveState());
  }

  @ParameterizedTest
  @MethodSource("names")
  void a_state_that_does_not_fit_is_refused_and_changes_nothing(String name) {
    StatefulEnv env = make(name);
    env.reset(3);
    play(env, 31);
    byte[] present = env.saveState();
    String another = name.equals("TimeLimit") ? "NormalizeReward" : "TimeLimit";
    for (byte[] wrong : List.of(make(another).saveState(), Arrays.copyOf(present, 60))) {
      GymException refusal = assertThrows(GymException.class, () -> env.restoreState(wrong));
      assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
      assertArrayEquals(present, env.saveState());
    }
  }

  @Test
  void stack_of_another_size_is_refused_and_changes_nothing() {
    FrameStackObservation three = new FrameStackObservation(new WalkEnv(), 3);
    FrameStackObservation two = new FrameStackObservation(new WalkEnv(), 2);
    three.reset(1);
    two.reset(2);
    byte[] present = two.saveState();
    GymException refusal =
        assertThrows(GymException.class, () -> two.restoreState(three.saveState()));
    assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
    assertTrue(refusal.getMessage().contains("3 frames"), refusal.getMessage());
    assertArrayEquals(present, two.saveState());
  }

  @Test
  void normalized_reward_keeps_the_running_return_over_resets() {
    NormalizeReward env = new NormalizeReward(new WalkEnv());
    env.reset(3);
    env.step(NdArray.of(new long[] {2}));
    byte[] saved = env.saveState();
    env.reset();
    Env.Step once = env.step(NdArray.of(new long[] {1}));
    NormalizeReward other = new NormalizeReward(new WalkEnv());
    other.restoreState(saved);
    other.reset();
    assertEquals(once, other.step(NdArray.of(new long[] {1})));
  }

  @Test
  void wrapper_of_an_environment_that_cannot_save_is_unimplemented() {
    Wrapper env = new NormalizeReward(CountingEnv.terminating());
    GymException refusal = assertThrows(GymException.class, env::saveState);
    assertEquals(Kind.UNIMPLEMENTED, refusal.kind());
  }

  @Test
  void members_of_all_spaces_come_back() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 500; i++) {
      Space space = RandomSpaces.draw(random, 3);
      Value batch = RandomSpaces.sample(space, 3, random);
      List<Value> members = List.of(batch.row(0), batch.row(1), batch.row(2));
      byte[] bytes = EnvState.save("x", 1, state -> state.members(space, members));
      List<Value> restored = new ArrayList<>();
      EnvState.restore(
          bytes,
          "x",
          1,
          state -> {
            List<Value> got = state.members(space, List.of(members.get(2)));
            restored.clear();
            restored.addAll(got);
          });
      assertEquals(members, restored, space.toString());
    }
  }
}
