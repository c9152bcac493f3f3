package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Env;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.wrappers.Recording.Line;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every wrapper against Gymnasium's own, on the same scripts.
 *
 * <p>A recording's lines are calls (reset with a mask, step, freeze the statistics), and after each
 * what came of it: an observation or final observation (lane, numbers), the rewards, an episode
 * (lane, r, l).
 */
class WrapperGoldenTest {
  private Object wrapper = this;
  private Value observations = NdArray.of(new double[1], 1);
  private double[] rewards = {};
  private @Nullable Value finals;
  private Map<String, Object> infos = Map.of();
  private int finalsSeen;

  @ParameterizedTest
  @ValueSource(strings = {"cartpole", "pendulum"})
  void alone_they_give_gymnasiums_numbers(String script) {
    for (String name :
        List.of(
            "NormalizeObservation",
            "NormalizeReward",
            "RecordEpisodeStatistics",
            "FrameStackObservation",
            "FrameStackObservation-zero")) {
      Env env = single(name, ScriptedEnv.lanes(script).get());
      wrapper = env;
      play(new SyncVectorEnv(() -> env, 1, AutoresetMode.DISABLED), name, script + "-single");
    }
  }

  @Test
  void alone_float32_observations_are_normalized_in_float32() {
    Env env = single("NormalizeObservation", ScriptedEnv.lanes("offset").get());
    wrapper = env;
    play(
        new SyncVectorEnv(() -> env, 1, AutoresetMode.DISABLED),
        "NormalizeObservation",
        "offset-single");
  }

  @ParameterizedTest
  @CsvSource({
    "NormalizeObservation, cartpole, NEXT_STEP",
    "NormalizeObservation, pendulum, NEXT_STEP",
    "NormalizeObservation, offset, NEXT_STEP",
    "FrameStackObservation, cartpole, NEXT_STEP",
    "FrameStackObservation, cartpole, SAME_STEP",
    "FrameStackObservation, cartpole, DISABLED",
  })
  void batches_give_gymnasiums_observations(String name, String script, AutoresetMode mode) {
    playBatch(name, script, mode);
  }

  @ParameterizedTest
  @EnumSource
  void batches_give_gymnasiums_rewards_and_statistics(AutoresetMode mode) {
    for (String name : List.of("NormalizeReward", "RecordEpisodeStatistics")) {
      playBatch(name, "cartpole", mode);
      playBatch(name, "pendulum", mode);
    }
  }

  private void playBatch(String name, String script, AutoresetMode mode) {
    VectorEnv env = batch(name, new SyncVectorEnv(ScriptedEnv.lanes(script), 3, mode));
    wrapper = env;
    play(env, name, script + "-" + mode);
  }

  private static Env single(String name, Env env) {
    return switch (name) {
      case "NormalizeObservation" -> new NormalizeObservation(env);
      case "NormalizeReward" -> new NormalizeReward(env);
      case "RecordEpisodeStatistics" -> new RecordEpisodeStatistics(env, () -> 0);
      case "FrameStackObservation" -> new FrameStackObservation(env, 3);
      default -> new FrameStackObservation(env, 3, FramePadding.ZERO);
    };
  }

  private static VectorEnv batch(String name, VectorEnv env) {
    return switch (name) {
      case "NormalizeObservation" -> new VectorNormalizeObservation(env);
      case "NormalizeReward" -> new VectorNormalizeReward(env);
      case "RecordEpisodeStatistics" -> new VectorRecordEpisodeStatistics(env, () -> 0);
      default -> new VectorFrameStackObservation(env, 3);
    };
  }

  private void play(VectorEnv env, String name, String rest) {
    finals = null;
    List<Line> lines = Recording.read(name + "-" + rest);
    for (int i = 0; i < lines.size(); i++) {
      take(lines.get(i), env, name + "-" + rest + " line " + (i + 1));
    }
  }

  private void take(Line line, VectorEnv env, String where) {
    switch (line.tag()) {
      case "reset" -> {
        VectorEnv.Reset reset = env.reset(null, mask(line), Map.of());
        observations = reset.observations();
        finals = null;
        finalsSeen = 0;
      }
      case "step" -> step(env, where);
      case "freeze" -> freeze();
      case "observation" -> assertRow(line, observations.row((int) line.values()[0]), where);
      case "final" -> assertRow(line, finalRow(finalsSeen++), where);
      case "rewards" -> Recording.assertClose(line.values(), rewards, where);
      case "episode" -> {
        int lane = (int) line.values()[0];
        double[] actual = {statistic("r", lane), statistic("l", lane)};
        Recording.assertClose(line.from(1), actual, where);
      }
      default -> throw new AssertionError(where);
    }
  }

  /** All lanes are written as no mask, so that both are played. */
  private static boolean @Nullable [] mask(Line line) {
    boolean[] mask = new boolean[line.values().length];
    boolean all = true;
    for (int lane = 0; lane < mask.length; lane++) {
      mask[lane] = line.values()[lane] != 0;
      all &= mask[lane];
    }
    return all ? null : mask;
  }

  private void step(VectorEnv env, String where) {
    assertEquals(finals == null ? 0 : finals.batchSize(), finalsSeen, where);
    VectorEnv.Step step = env.step(NdArray.of(new long[env.numEnvs()], env.numEnvs()));
    observations = step.observations();
    rewards = step.rewards();
    finals = wrapper instanceof VectorFrameStackObservation ? step.finalObservations() : null;
    finalsSeen = 0;
    infos = step.infos();
  }

  private Value finalRow(int row) {
    Value last = finals;
    if (last == null) {
      throw new AssertionError("no final observations");
    }
    return last.row(row);
  }

  private static void assertRow(Line line, Value row, String where) {
    Recording.assertClose(line.from(1), row.array().toDoubles(), where);
  }

  private double statistic(String name, int lane) {
    Object episode = infos.get("episode");
    if (episode instanceof List<?> lanes) {
      return ((Number) entry(lanes.get(lane), name)).doubleValue();
    }
    assertEquals(1, ((NdArray) entry(infos, "_episode")).getLong(lane));
    return ((NdArray) entry(episode, name)).getDouble(lane);
  }

  private static Object entry(@Nullable Object map, String name) {
    Object value = ((Map<?, ?>) java.util.Objects.requireNonNull(map)).get(name);
    return java.util.Objects.requireNonNull(value, name);
  }

  private void freeze() {
    if (wrapper instanceof NormalizeObservation one) {
      one.setUpdateRunningMean(false);
    } else if (wrapper instanceof NormalizeReward one) {
      one.setUpdateRunningMean(false);
    } else if (wrapper instanceof VectorNormalizeObservation one) {
      one.setUpdateRunningMean(false);
    } else {
      ((VectorNormalizeReward) wrapper).setUpdateRunningMean(false);
    }
  }
}
