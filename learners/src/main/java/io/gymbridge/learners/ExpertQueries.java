package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The expert as {@link DAgger} asks it: by a thread of its own, one call after the other, while the
 * environment goes on; within a budget; and, where answers are kept, not twice about the same
 * observation. What is asked and what counts as known is decided when observations are handed in,
 * so that it does not depend on how fast the expert answers. A call holds the states of one step,
 * whatever waits. Not thread-safe.
 */
final class ExpertQueries {
  /** Calls that may wait for their answers. */
  private static final int MOST_WAITING = 64;

  private final Policy expert;
  private final long budget;
  private final int cacheSize;
  private final Map<NdArray, Answer> known;
  private final Executor thread;
  private final ArrayDeque<CompletableFuture<NdArray>> waiting = new ArrayDeque<>();
  private long queries;
  private long cacheHits;

  /** An action of the expert's, which may still be on its way. */
  record Answer(CompletableFuture<NdArray> actions, int row) {
    /** Waits for it; throws what the expert threw. */
    NdArray get() {
      return await(actions).row(row);
    }
  }

  /**
   * Asks nothing yet.
   *
   * @param budget most observations that the expert is asked about; 0 for any number
   * @param cacheSize observations whose answers are kept, those used last; 0 for none
   */
  ExpertQueries(Policy expert, long budget, int cacheSize) {
    this.expert = expert;
    this.budget = budget;
    this.cacheSize = cacheSize;
    this.known =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<NdArray, Answer> eldest) {
            return size() > cacheSize;
          }
        };
    ThreadPoolExecutor one =
        new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread asking = new Thread(task, "gymbridge-expert");
              asking.setDaemon(true);
              return asking;
            });
    one.allowCoreThreadTimeOut(true);
    this.thread = one;
  }

  /**
   * Answers about some lanes' observations: those that are known, and those that are wanted, as
   * long as the budget lasts. Known are exactly equal observations, bit by bit. Where fewer may be
   * asked than are wanted, those go first that are most urgent, and among equals a lane whose turn
   * moves on with every question.
   *
   * @param observations of all lanes
   * @param active lanes that count
   * @param wanted of these: whether to ask the expert
   * @param urgency of each lane's question
   * @return one for each lane, null where there is none
   * @throws GymException what the expert threw at an earlier call
   */
  @Nullable Answer[] ask(Value observations, boolean[] active, boolean[] wanted, double[] urgency) {
    @Nullable Answer[] answers = new @Nullable Answer[active.length];
    CompletableFuture<NdArray> actions = new CompletableFuture<>();
    List<Integer> asked = new ArrayList<>();
    for (int lane : order(active, urgency)) {
      NdArray observation = observations.row(lane).array();
      Answer answer = cacheSize == 0 ? null : known.get(observation);
      if (answer != null) {
        cacheHits++;
      } else if (wanted[lane] && !exhausted()) {
        queries++;
        answer = new Answer(actions, asked.size());
        asked.add(lane);
        if (cacheSize > 0) {
          known.put(observation, answer);
        }
      }
      answers[lane] = answer;
    }
    if (!asked.isEmpty()) {
      Value questions = observations.take(asked.stream().mapToInt(Integer::intValue).toArray());
      if (waiting.size() >= MOST_WAITING) {
        await(waiting.remove());
      }
      waiting.add(actions);
      thread.execute(() -> complete(actions, questions));
    }
    return answers;
  }

  /** The active lanes: one after the other while the budget is enough for all, else by urgency. */
  private int[] order(boolean[] active, double[] urgency) {
    int[] lanes = IntStream.range(0, active.length).filter(lane -> active[lane]).toArray();
    if (budget == 0 || budget - queries >= lanes.length) {
      return lanes;
    }
    int turn = (int) (queries % active.length);
    return IntStream.range(0, active.length)
        .map(i -> (turn + i) % active.length)
        .filter(lane -> active[lane])
        .boxed()
        .sorted(Comparator.comparingDouble(lane -> -urgency[lane]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private void complete(CompletableFuture<NdArray> actions, Value questions) {
    if (actions.isDone()) {
      return;
    }
    try {
      actions.complete(call(questions));
    } catch (RuntimeException | Error e) {
      actions.completeExceptionally(e);
    }
  }

  private NdArray call(Value observations) {
    NdArray answers = expert.act(observations, true).array();
    if (answers.batchSize() != observations.batchSize()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the expert gave %d actions for %d observations"
              .formatted(answers.batchSize(), observations.batchSize()));
    }
    return answers;
  }

  private static NdArray await(CompletableFuture<NdArray> actions) {
    try {
      return actions.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GymException(Kind.UNAVAILABLE, "interrupted while the expert was asked", null, e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Whether the budget is spent. */
  boolean exhausted() {
    return budget > 0 && queries >= budget;
  }

  /** Observations that the expert was asked about. */
  long queries() {
    return queries;
  }

  /** Observations whose answers were known. */
  long cacheHits() {
    return cacheHits;
  }

  /** Saves or restores what was counted and what is known, between two rounds. */
  void exchange(EnvState saved) {
    queries = saved.integer(queries);
    cacheHits = saved.integer(cacheHits);
    List<NdArray> observations = SavedArrays.exchange(saved, List.copyOf(known.keySet()));
    List<NdArray> actions =
        SavedArrays.exchange(saved, known.values().stream().map(Answer::get).toList());
    known.clear();
    for (int i = 0; i < observations.size(); i++) {
      NdArray batch = Value.stack(List.of(actions.get(i))).array();
      known.put(observations.get(i), new Answer(CompletableFuture.completedFuture(batch), 0));
    }
  }

  /** Ends a round: what has no answer yet, since the round failed, is asked no more. */
  void endRound() {
    waiting.forEach(actions -> actions.cancel(false));
    waiting.clear();
    known.values().removeIf(answer -> answer.actions.isCompletedExceptionally());
  }
}
