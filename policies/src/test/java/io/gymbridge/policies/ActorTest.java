package io.gymbridge.policies;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.policies.Outcome.Answer;
import io.gymbridge.policies.Outcome.Refusal;
import io.gymbridge.policies.Question.Draw;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ActorTest {
  private static final Space OBSERVATIONS = Box.of(DType.FLOAT32, -9, 9, 3);
  private static final Space ACTIONS = Box.of(DType.FLOAT32, -1, 1, 2);
  private static final Space LOGITS = Box.of(DType.FLOAT32, -9, 9, 2);

  private static OnnxPolicy network() {
    return new OnnxPolicy(TinyOnnx.network(3, 16, 2), OBSERVATIONS, ACTIONS, 5);
  }

  private static OnnxPolicy categorical() {
    return new OnnxPolicy(TinyOnnx.categorical(), LOGITS, new Discrete(2), 5);
  }

  private static NdArray rows(SplittableRandom random, int n, int size) {
    return NdArray.ofDoubles(
        DType.FLOAT32, random.doubles((long) n * size, -3, 3).toArray(), n, size);
  }

  private static Question drawn(NdArray observations, long seed, long step) {
    return new Question(observations, false, new Draw(seed, step), null, null, true, true);
  }

  private static Question masked(NdArray observations, boolean deterministic, NdArray mask) {
    return new Question(observations, deterministic, new Draw(3, 4), mask, null, true, false);
  }

  private static NdArray mask(int n, long... flags) {
    return NdArray.ofLongs(DType.INT8, flags, n, flags.length / n);
  }

  private static void assertRefused(Outcome outcome, String reason) {
    GymException error = assertInstanceOf(Refusal.class, outcome).reason();
    assertEquals(Kind.INVALID_ARGUMENT, error.kind());
    assertTrue(error.getMessage().contains(reason), error.getMessage());
  }

  private static double[] given(double @Nullable [] numbers) {
    assertNotNull(numbers);
    return numbers;
  }

  @Test
  void questions_are_answered_as_if_each_were_alone() {
    SplittableRandom random = new SplittableRandom(1);
    try (OnnxPolicy policy = network()) {
      List<Question> questions = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        NdArray batch = rows(random, i % 4, 3);
        questions.add(i % 3 == 0 ? new Question(batch, true) : drawn(batch, i, 2L * i));
      }
      List<Outcome> together = policy.answer(questions);
      assertEquals(questions.size(), together.size());
      for (int i = 0; i < questions.size(); i++) {
        Answer answer = assertInstanceOf(Answer.class, together.get(i));
        Answer alone = policy.answer(questions.get(i));
        assertArrayEquals(alone.actions().array().shape(), answer.actions().array().shape());
        assertArrayEquals(
            alone.actions().array().toDoubles(), answer.actions().array().toDoubles(), 1e-5);
        if (i % 3 == 0) {
          assertNull(answer.logProbabilities());
          assertNull(answer.values());
        } else {
          assertArrayEquals(
              given(alone.logProbabilities()), given(answer.logProbabilities()), 1e-9);
          assertArrayEquals(alone.values(), answer.values(), 1e-5f);
        }
      }
    }
  }

  @Test
  void rows_beyond_what_a_runner_keeps_are_answered_too() {
    NdArray batch = rows(new SplittableRandom(2), 700, 3);
    try (OnnxPolicy policy = network()) {
      NdArray all = policy.answer(new Question(batch, true)).actions().array();
      for (int row : new int[] {0, 255, 256, 699}) {
        NdArray one = policy.answer(new Question(batch.slice(row, 1), true)).actions().array();
        assertArrayEquals(one.row(0).toDoubles(), all.row(row).toDoubles(), 1e-5);
      }
    }
  }

  @Test
  void gaussian_log_probability_is_that_of_the_draw_before_clipping() {
    NdArray batch = rows(new SplittableRandom(3), 5, 3);
    try (OnnxPolicy policy = network()) {
      Answer answer = policy.answer(drawn(batch, 8, 9));
      NdArray mean = policy.run(batch, "mean");
      NdArray logStd = policy.run(batch, "log_std");
      NdArray actions = answer.actions().array();
      boolean beyond = false;
      for (int row = 0; row < 5; row++) {
        double expected = 0;
        for (int i = 2 * row; i < 2 * row + 2; i++) {
          double std = Math.exp(logStd.getDouble(i));
          double z = (actions.getDouble(i) - mean.getDouble(i)) / std;
          expected += -0.5 * z * z - Math.log(std * Math.sqrt(2 * Math.PI));
          beyond |= Math.abs(actions.getDouble(i)) > 1;
        }
        assertEquals(expected, given(answer.logProbabilities())[row], 1e-5);
      }
      assertTrue(beyond, "some draw lies outside of the box");
      assertEquals(((Box) ACTIONS).clip(actions), policy.sample(batch, 8, 9));
      assertArrayEquals(
          policy.run(batch, "value").toFloats(), answer.values(), "values are the graph's");
    }
  }

  @Test
  void masks_leave_what_they_allow_and_its_probability() {
    NdArray batch = NdArray.of(new float[] {2, 0, 2, 0, 2, 0}, 3, 2);
    NdArray mask = mask(3, 1, 1, 0, 1, 1, 0);
    try (OnnxPolicy policy = categorical()) {
      assertTrue(policy.masks());
      double p = Math.exp(2) / (Math.exp(2) + 1);
      for (boolean deterministic : new boolean[] {true, false}) {
        Answer answer = policy.answer(masked(batch, deterministic, mask));
        NdArray actions = answer.actions().array();
        double[] logs = given(answer.logProbabilities());
        assertEquals(1, actions.getLong(1));
        assertEquals(0, actions.getLong(2));
        assertEquals(Math.log(actions.getLong(0) == 0 ? p : 1 - p), logs[0], 1e-6);
        assertEquals(0, logs[1], 1e-12);
        assertEquals(0, logs[2], 1e-12);
      }
      assertEquals(0, policy.answer(masked(batch, true, mask)).actions().array().getLong(0));
      Question all = masked(batch, false, mask(3, 1, 1, 1, 1, 1, 1));
      assertEquals(
          policy.sample(batch, 3, 4),
          policy.answer(all).actions(),
          "a mask that allows everything changes no draw");
    }
  }

  @Test
  void masked_draws_follow_the_renormalised_probabilities() {
    int n = 20_000;
    Space four = Box.of(DType.FLOAT32, -9, 9, 5);
    float[] logits = new float[5 * n];
    long[] flags = new long[5 * n];
    for (int i = 0; i < n; i++) {
      logits[5 * i] = (float) Math.log(3);
      logits[5 * i + 1] = 8;
      flags[5 * i] = 1;
      flags[5 * i + 2] = 1;
      flags[5 * i + 4] = 1;
    }
    Signature signature =
        new Signature(
            java.util.Map.of("", "observations"),
            java.util.Map.of(Role.LOGITS, "actions"),
            List.of(),
            null,
            false);
    byte[] onnx = TinyOnnx.deterministic(5);
    try (OnnxPolicy policy = new OnnxPolicy(onnx, signature, four, MultiDiscrete.of(3, 2), 0)) {
      NdArray batch = NdArray.of(logits, n, 5);
      Question question =
          new Question(
              batch,
              false,
              new Draw(1, 1),
              NdArray.ofLongs(DType.INT8, flags, n, 5),
              null,
              false,
              false);
      NdArray actions = policy.answer(question).actions().array();
      int zeros = 0;
      for (int i = 0; i < n; i++) {
        assertTrue(actions.getLong(2 * i) != 1, "choice 1 is not allowed");
        assertEquals(1, actions.getLong(2 * i + 1));
        zeros += actions.getLong(2 * i) == 0 ? 1 : 0;
      }
      assertEquals(0.75, zeros / (double) n, 0.015);
    }
  }

  @Test
  void wrong_masks_and_wishes_are_refused_and_harm_no_other_question() {
    NdArray two = NdArray.of(new float[] {2, 0, 0, 2}, 2, 2);
    try (OnnxPolicy policy = categorical();
        OnnxPolicy plain =
            new OnnxPolicy(TinyOnnx.deterministic(), LOGITS, Box.of(DType.FLOAT32, -9, 9, 2), 0)) {
      List<Outcome> outcomes =
          policy.answer(
              List.of(
                  masked(two, true, mask(2, 1, 1, 0, 0)),
                  new Question(two, true),
                  masked(two, true, mask(1, 1, 1)),
                  masked(two, true, mask(2, 1, 1, 2, 0)),
                  new Question(two, true, null, null, two, false, false),
                  new Question(two, true, null, null, null, false, true),
                  new Question(NdArray.of(new float[3], 1, 3), true)));
      assertRefused(outcomes.get(0), "row 1 allows none of the 2 choices");
      assertEquals(
          NdArray.of(new long[] {0, 1}, 2),
          assertInstanceOf(Answer.class, outcomes.get(1)).actions(),
          "the graph's own actions");
      assertRefused(outcomes.get(2), "expected int8[2, 2]");
      assertRefused(outcomes.get(3), "row 1 has a 2");
      assertRefused(outcomes.get(4), "no recurrent state");
      assertRefused(outcomes.get(5), "no values");
      assertRefused(outcomes.get(6), "expected a batch from");
      List<Outcome> others =
          plain.answer(
              List.of(
                  masked(two, true, mask(2, 1, 1, 1, 1)),
                  new Question(two, false, null, null, null, true, false),
                  new Question(two, false)));
      assertFalse(plain.masks());
      assertRefused(others.get(0), "takes no action masks");
      assertRefused(others.get(1), "no log-probabilities");
      assertEquals(two, assertInstanceOf(Answer.class, others.get(2)).actions());
    }
  }

  @Test
  void nan_refuses_its_own_question_only() {
    NdArray good = NdArray.of(new float[] {1, 2, 3}, 1, 3);
    NdArray bad = NdArray.of(new float[] {1, 2, 3, 1, Float.NaN, 3}, 2, 3);
    try (OnnxPolicy policy = network()) {
      Answer alone = policy.answer(new Question(good, true));
      List<Outcome> outcomes =
          policy.answer(
              List.of(new Question(good, true), new Question(bad, true), drawn(good, 1, 1)));
      Answer first = assertInstanceOf(Answer.class, outcomes.get(0));
      assertArrayEquals(
          alone.actions().array().toDoubles(), first.actions().array().toDoubles(), 1e-6);
      assertRefused(outcomes.get(1), "row 1 is NaN");
      assertInstanceOf(Answer.class, outcomes.get(2));
    }
  }

  @Test
  void closing_while_others_ask_lets_them_finish_or_says_so() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    NdArray batch = rows(new SplittableRandom(4), 3, 3);
    try {
      for (int round = 0; round < 20; round++) {
        OnnxPolicy policy = network();
        NdArray expected = policy.act(batch, true);
        List<Future<Integer>> asking =
            IntStream.range(0, 4)
                .mapToObj(
                    t ->
                        threads.submit(
                            () -> {
                              for (int i = 0; ; i++) {
                                try {
                                  assertEquals(expected, policy.act(batch, true));
                                } catch (GymException closed) {
                                  assertEquals(Kind.FAILED_PRECONDITION, closed.kind());
                                  return i;
                                }
                              }
                            }))
                .toList();
        policy.close();
        for (Future<Integer> answers : asking) {
          assertTrue(answers.get() >= 0);
        }
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void empty_list_has_no_answers() {
    try (OnnxPolicy policy = network()) {
      assertEquals(List.of(), policy.answer(List.of()));
      assertThrows(GymException.class, () -> policy.run(rows(new SplittableRandom(0), 1, 3), "x"));
    }
  }
}
