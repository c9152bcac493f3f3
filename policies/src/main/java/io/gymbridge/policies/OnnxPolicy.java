package io.gymbridge.policies;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.gymbridge.core.Box;
import io.gymbridge.core.Dict;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A policy computed by ONNX Runtime, on one thread per call; small batches of small networks by
 * {@link SmallNetwork}, which is faster.
 *
 * <p>The graph takes {@code observations} and gives {@code actions}, in the types and shapes of the
 * spaces with the batch first, unless a {@link Signature} says otherwise. A graph that also gives
 * {@code mean} and {@code log_std} or {@code logits} can be sampled; another answers the same
 * action always. {@link Role} says what each output is. Element types are converted where they
 * differ from the spaces'. A graph made for batches of one is run row by row.
 *
 * <p>Thread-safe: any number of threads may act at the same time, and it may be closed at any time:
 * what is being computed is finished.
 */
public final class OnnxPolicy implements Policy, Actor {
  private final Space observationSpace;
  private final Space actionSpace;
  private final GraphPlan plan;
  private final @Nullable Dict stateSpace;
  private final Head head;
  private final RunnerPool runners;
  private final long seed;
  private final AtomicLong calls = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Whoever uses the session, and one for this object until it is closed. */
  private final AtomicInteger holders = new AtomicInteger(1);

  /** As the other constructor, for a graph whose inputs and outputs have their own names. */
  public OnnxPolicy(byte[] onnx, Space observationSpace, Space actionSpace, long seed) {
    this(onnx, null, observationSpace, actionSpace, seed);
  }

  /**
   * Loads a graph from memory, so that it cannot refer to files, and runs it once.
   *
   * @param onnx the model, checked as {@link OnnxCheck} does
   * @param signature what its inputs and outputs are; null for {@link Signature#byName}
   * @param seed of the samples; the k-th call of {@link #act} draws the same numbers for the same
   *     seed
   * @throws GymException INVALID_ARGUMENT if it is no model, or not one for these spaces
   */
  public OnnxPolicy(
      byte[] onnx,
      @Nullable Signature signature,
      Space observationSpace,
      Space actionSpace,
      long seed) {
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.seed = seed;
    OrtSession session = OnnxRuntime.load(onnx);
    try {
      this.plan = new GraphPlan(session, signature, observationSpace, actionSpace);
      this.head = Head.of(plan, actionSpace);
      this.runners = new RunnerPool(plan, SmallNetwork.of(onnx, plan, observationSpace));
    } catch (Error e) {
      OnnxRuntime.close(session);
      throw e;
    } catch (OrtException | RuntimeException e) {
      OnnxRuntime.close(session);
      throw e instanceof GymException wrong
          ? wrong
          : new GymException(
              Kind.INVALID_ARGUMENT, "the model cannot be run: " + e.getMessage(), null, e);
    }
    this.stateSpace = plan.stateSpace();
  }

  @Override
  public Space observationSpace() {
    return observationSpace;
  }

  @Override
  public Space actionSpace() {
    return actionSpace;
  }

  @Override
  public @Nullable Dict stateSpace() {
    return stateSpace;
  }

  /** Batches of up to so many rows are computed in Java; 0 where ONNX Runtime computes all. */
  public int rowsInJava() {
    return runners.rowsInJava();
  }

  /** Whether the graph gives a distribution that can be sampled. */
  @Override
  public boolean stochastic() {
    return head.stochastic();
  }

  @Override
  public boolean masks() {
    return head.masks();
  }

  @Override
  public boolean values() {
    return plan.roles().containsKey(Role.VALUE);
  }

  /**
   * {@inheritDoc}
   *
   * @throws GymException FAILED_PRECONDITION for a recurrent policy, which cannot be asked without
   *     its state
   */
  @Override
  public NdArray act(Value observations, boolean deterministic) {
    return clipped(new Question(observations, deterministic));
  }

  /**
   * Actions drawn from the policy's distribution with a generator of the caller's choice: the same
   * (seed, step) and observations give the same actions, whatever was asked before.
   *
   * @throws GymException as {@link #act}; FAILED_PRECONDITION if the graph gives no distribution
   */
  public NdArray sample(Value observations, long sampleSeed, long step) {
    if (!stochastic()) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, "this policy is deterministic: it cannot be sampled");
    }
    Question.Draw draw = new Question.Draw(sampleSeed, step);
    return clipped(new Question(observations, false, draw, null, null, false, false));
  }

  private NdArray clipped(Question question) {
    if (stateSpace != null) {
      throw new GymException(
          Kind.FAILED_PRECONDITION,
          "this policy is recurrent: ask it questions with the state of their episodes");
    }
    NdArray actions = answer(question).actions().array();
    return actionSpace instanceof Box box && !box.containsAll(actions)
        ? box.clip(actions)
        : actions;
  }

  /**
   * Answers one question.
   *
   * @throws GymException if it was refused
   */
  public Outcome.Answer answer(Question question) {
    Outcome outcome = answer(List.of(question)).get(0);
    if (outcome instanceof Outcome.Refusal refusal) {
      throw refusal.reason();
    }
    return (Outcome.Answer) outcome;
  }

  /**
   * One of the graph's outputs for a batch of observations, at the beginning of an episode.
   *
   * @param output the name of a {@link Role} that the graph gives
   * @return actions as in the action space, anything else as float32 (N, components)
   * @throws GymException INVALID_ARGUMENT if the observations do not fit, or give NaN; NOT_FOUND if
   *     there is no such output
   */
  public NdArray run(Value observations, String output) {
    Port port = plan.roles().isEmpty() ? null : port(output);
    if (port == null) {
      throw new GymException(
          Kind.NOT_FOUND,
          "the model has no output \"%s\": it has %s"
              .formatted(output, plan.roles().keySet().stream().map(Role::jsonName).toList()));
    }
    Role role = Role.of(output);
    Asked asked = Asked.of(plan, this, new Question(observations, true));
    if (role == Role.ACTIONS) {
      return asked.n() == 0
          ? GraphPlan.none(actionSpace)
          : running(List.of(asked), role.bit(), run -> actions(run, asked.n()));
    }
    if (asked.n() == 0) {
      return NdArray.of(new float[0], 0, port.size());
    }
    return running(
        List.of(asked),
        role.bit(),
        run -> {
          float[] values = new float[asked.n() * port.size()];
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) run.get(role, i / port.size(), i % port.size(), 0);
          }
          return NdArray.of(values, asked.n(), port.size());
        });
  }

  /**
   * Several of the graph's outputs of one run for a batch of observations, at the beginning of an
   * episode; numbers of other types are rounded to float32.
   *
   * @param wanted roles that the graph gives
   * @param into for each its N rows, one after the other
   * @throws GymException INVALID_ARGUMENT if the observations do not fit, or give NaN
   */
  public void run(Value observations, List<Role> wanted, float[][] into) {
    Asked asked = Asked.of(plan, this, new Question(observations, true));
    if (asked.n() == 0) {
      return;
    }
    int bits = wanted.stream().mapToInt(Role::bit).sum();
    running(
        List.of(asked),
        bits,
        run -> {
          for (int i = 0; i < into.length; i++) {
            int size = into[i].length / asked.n();
            for (int at = 0; at < into[i].length; at++) {
              into[i][at] = (float) run.get(wanted.get(i), at / size, at % size, 0);
            }
          }
          return into;
        });
  }

  private NdArray actions(Runner run, int n) {
    return new PlainHead(plan, actionSpace).actions(run, 0, n);
  }

  private @Nullable Port port(String output) {
    for (Map.Entry<Role, Port> role : plan.roles().entrySet()) {
      if (role.getKey().jsonName().equals(output)) {
        return role.getValue();
      }
    }
    return null;
  }

  @Override
  public List<Outcome> answer(List<Question> questions) {
    Outcome[] outcomes = new Outcome[questions.size()];
    List<Asked> accepted = new ArrayList<>(questions.size());
    List<Integer> places = new ArrayList<>(questions.size());
    int wanted = 0;
    for (int i = 0; i < outcomes.length; i++) {
      Question question = questions.get(i);
      try {
        Asked asked = Asked.of(plan, this, question);
        if (asked.n() == 0) {
          outcomes[i] = nothing(question);
          continue;
        }
        accepted.add(asked);
        places.add(i);
        wanted |= head.wanted(question) | (question.value() ? Role.VALUE.bit() : 0);
      } catch (GymException e) {
        outcomes[i] = new Outcome.Refusal(e);
      }
    }
    List<Outcome> answers = accepted.isEmpty() ? List.of() : answerAll(accepted, wanted);
    for (int i = 0; i < answers.size(); i++) {
      outcomes[places.get(i)] = answers.get(i);
    }
    return Arrays.asList(outcomes);
  }

  /** The answer to a question without observations. */
  private Outcome.Answer nothing(Question question) {
    return new Outcome.Answer(
        GraphPlan.none(actionSpace),
        question.logProbability() ? new double[0] : null,
        question.value() ? new float[0] : null,
        stateSpace == null ? null : stateSpace.emptyBatch());
  }

  private List<Outcome> answerAll(List<Asked> accepted, int wanted) {
    try {
      return running(
          accepted,
          wanted,
          run -> {
            List<Outcome> outcomes = new ArrayList<>(accepted.size());
            int first = 0;
            for (Asked asked : accepted) {
              outcomes.add(decide(run, first, asked));
              first += asked.n();
            }
            return outcomes;
          });
    } catch (GymException e) {
      if (accepted.size() == 1 || e.kind() != Kind.INVALID_ARGUMENT) {
        return accepted.stream().<Outcome>map(asked -> new Outcome.Refusal(e)).toList();
      }
      // The graph failed, perhaps on one question only.
      List<Outcome> outcomes = new ArrayList<>();
      accepted.forEach(asked -> outcomes.addAll(answerAll(List.of(asked), wanted)));
      return outcomes;
    }
  }

  private Outcome decide(Runner run, int first, Asked asked) {
    Question question = asked.question();
    try {
      SplittableRandom random = null;
      if (!question.deterministic() && stochastic()) {
        Question.Draw draw = question.draw();
        random =
            draw == null
                ? generator(seed, calls.getAndIncrement())
                : generator(draw.seed(), draw.step());
      }
      Head.Decision decision = head.decide(run, first, question, random);
      float[] values = question.value() ? new float[asked.n()] : null;
      for (int i = 0; values != null && i < values.length; i++) {
        values[i] = (float) run.get(Role.VALUE, first + i, 0, first);
      }
      Value state = stateSpace == null ? null : asked.next(run, first, stateSpace);
      return new Outcome.Answer(decision.actions(), decision.logProbabilities(), values, state);
    } catch (GymException e) {
      return new Outcome.Refusal(e);
    }
  }

  /** The k-th call's generator. */
  private static SplittableRandom generator(long seed, long step) {
    return new SplittableRandom(new SplittableRandom(seed).nextLong() + 0x9E3779B97F4A7C15L * step);
  }

  /** What is made of a run. */
  private interface Reading<T> {
    T read(Runner run);
  }

  /** Runs the graph on all rows of these questions, one after the other, and reads the outputs. */
  private <T> T running(List<Asked> questions, int wanted, Reading<T> reading) {
    int rows = 0;
    for (Asked asked : questions) {
      rows += asked.n();
    }
    hold();
    try {
      Runner runner = runners.take(rows);
      try {
        runner.begin(rows);
        int first = 0;
        for (Asked asked : questions) {
          asked.put(runner, first);
          first += asked.n();
        }
        runner.run(wanted);
        return reading.read(runner);
      } catch (OrtException e) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "the model failed on these observations: " + e.getMessage(),
            null,
            e);
      } finally {
        runners.give(runner);
      }
    } finally {
      release();
    }
  }

  private void hold() {
    // Whoever holds it may always be another: without looking at this, it might never be freed.
    for (int now = holders.get(); now > 0 && !closed.get(); now = holders.get()) {
      if (holders.compareAndSet(now, now + 1)) {
        return;
      }
    }
    throw new GymException(Kind.FAILED_PRECONDITION, "the policy is closed");
  }

  private void release() {
    if (holders.decrementAndGet() == 0) {
      runners.close();
      OnnxRuntime.close(plan.session());
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release();
    }
  }
}
