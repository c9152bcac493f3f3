package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Discrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.learners.ExpertQueries.Answer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ExpertQueriesTest {
  private static final boolean[] BOTH = {true, true};
  private static final double[] ALIKE = {0, 0};

  /** Doubles its observations, notes the sizes of its calls, and waits until it may answer. */
  private static final class Doubling implements Policy {
    private final CountDownLatch mayAnswer = new CountDownLatch(1);
    private final List<Integer> calls = Collections.synchronizedList(new ArrayList<>());

    @Override
    public Space observationSpace() {
      return new Discrete(1000);
    }

    @Override
    public Space actionSpace() {
      return new Discrete(1000);
    }

    @Override
    public Value act(Value observations, boolean deterministic) {
      try {
        mayAnswer.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      calls.add(observations.batchSize());
      long[] seen = observations.array().toLongs();
      if (seen[0] == 13) {
        throw new IllegalStateException("thirteen");
      }
      return NdArray.of(Arrays.stream(seen).map(value -> 2 * value).toArray(), seen.length);
    }
  }

  private static NdArray states(long... states) {
    return NdArray.of(states, states.length);
  }

  private static long action(@Nullable Answer answer) {
    assertNotNull(answer);
    return answer.get().getLong(0);
  }

  @Test
  void asking_does_not_wait_for_answers() {
    Doubling expert = new Doubling();
    ExpertQueries queries = new ExpertQueries(expert, 0, 0);
    @Nullable Answer[] first = queries.ask(states(1, 2), BOTH, BOTH, ALIKE);
    @Nullable Answer[] second = queries.ask(states(3, 4), BOTH, new boolean[] {false, true}, ALIKE);
    expert.mayAnswer.countDown();
    assertEquals(4, action(first[1]));
    assertEquals(2, action(first[0]));
    assertNull(second[0]);
    assertEquals(8, action(second[1]));
    assertEquals(List.of(2, 1), expert.calls, "one call a step");
    assertEquals(3, queries.queries());
  }

  @Test
  void known_observations_are_hits_even_before_their_answer_is_here() {
    Doubling expert = new Doubling();
    ExpertQueries queries = new ExpertQueries(expert, 0, 2);
    queries.ask(states(1, 1), BOTH, BOTH, ALIKE);
    @Nullable Answer[] again = queries.ask(states(1, 2), BOTH, new boolean[2], ALIKE);
    expert.mayAnswer.countDown();
    assertEquals(2, action(again[0]), "known answers are free: they are given unasked");
    assertNull(again[1]);
    assertEquals(1, queries.queries());
    assertEquals(2, queries.cacheHits());
    queries.ask(states(2, 3), BOTH, BOTH, ALIKE);
    queries.ask(states(1, 3), BOTH, BOTH, ALIKE);
    assertEquals(4, queries.queries(), "1 was used longest ago, and forgotten");
    assertEquals(3, queries.cacheHits());
  }

  @Test
  void the_budget_ends_within_a_step() {
    Doubling expert = new Doubling();
    expert.mayAnswer.countDown();
    ExpertQueries queries = new ExpertQueries(expert, 3, 0);
    queries.ask(states(1, 2), BOTH, BOTH, ALIKE);
    assertFalse(queries.exhausted());
    @Nullable Answer[] last = queries.ask(states(3, 4), BOTH, BOTH, ALIKE);
    assertNotNull(last[0]);
    assertNull(last[1]);
    assertTrue(queries.exhausted());
    assertEquals(3, queries.queries());
  }

  /** The lanes that are answered of four, when only so many questions are left. */
  private static List<Integer> answered(int asked, int left, double... urgency) {
    Doubling expert = new Doubling();
    expert.mayAnswer.countDown();
    ExpertQueries queries = new ExpertQueries(expert, asked + left, 0);
    boolean[] all = {true, true, true, true};
    for (int i = 0; i < asked; i++) {
      queries.ask(
          states(1, 1, 1, 1), all, new boolean[] {true, false, false, false}, new double[4]);
    }
    @Nullable Answer[] answers = queries.ask(states(5, 6, 7, 8), all, all, urgency);
    assertTrue(queries.exhausted());
    List<Integer> lanes = new ArrayList<>();
    for (int lane = 0; lane < 4; lane++) {
      if (answers[lane] != null) {
        lanes.add(lane);
        assertEquals(2L * (5 + lane), action(answers[lane]), "its own answer");
      }
    }
    return lanes;
  }

  @Test
  void the_rest_of_a_budget_goes_to_the_most_urgent_and_among_equals_by_turns() {
    assertEquals(List.of(1, 3), answered(0, 2, 0.1, 0.9, 0.2, 0.3));
    assertEquals(List.of(0, 1), answered(0, 2, 0, 0, 0, 0));
    assertEquals(List.of(2, 3), answered(2, 2, 0, 0, 0, 0));
    assertEquals(List.of(0, 3), answered(3, 2, -5, -5, -5, -5));
    assertEquals(List.of(0, 2), answered(3, 2, -1, -5, -1, -5));
  }

  @Test
  void failures_are_told_where_the_answer_is_wanted_and_not_kept() {
    Doubling expert = new Doubling();
    expert.mayAnswer.countDown();
    ExpertQueries queries = new ExpertQueries(expert, 0, 10);
    @Nullable Answer[] failed = queries.ask(states(13, 1), BOTH, BOTH, ALIKE);
    IllegalStateException error =
        assertThrows(IllegalStateException.class, () -> action(failed[1]));
    assertEquals("thirteen", error.getMessage());
    queries.endRound();
    @Nullable Answer[] again = queries.ask(states(1, 1), BOTH, BOTH, ALIKE);
    assertEquals(2, action(again[0]));
    assertEquals(3, queries.queries());
  }
}
