package io.gymbridge.server.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.policies.Actor;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import io.gymbridge.proto.inference.InferParameter;
import io.gymbridge.proto.inference.ModelInferRequest;
import io.gymbridge.proto.inference.ModelInferResponse;
import io.gymbridge.proto.v1.ActRequest;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InferenceSequencesTest {
  private final AtomicLong now = new AtomicLong();
  private final Summing actor = new Summing();
  private final Catalogue catalogue = new Catalogue();
  private final Batches batches = new Batches(1024, 256, 2);
  private final InferenceSequences sequences = new InferenceSequences(3, 1000, now::get);
  private final Inference inference =
      new Inference(new InferenceModels(catalogue, 256, 1), batches, RequestLog.NONE, sequences);

  InferenceSequencesTest() {
    Version version = new Version("times", "1", "", actor, false, Map.of());
    catalogue.put("times", List.of(version), Lineup.NEWEST, Map.of());
  }

  @AfterEach
  void close() {
    inference.close();
    batches.close();
    catalogue.close();
  }

  /** Acts by the sum of all that an episode has seen. */
  private static final class Summing implements Actor {
    private static final Box PAIR = Box.of(DType.FLOAT32, -1e6, 1e6, 2);
    private final CompletableFuture<Boolean> closed = new CompletableFuture<>();

    @Override
    public Space observationSpace() {
      return PAIR;
    }

    @Override
    public Space actionSpace() {
      return PAIR;
    }

    @Override
    public Space stateSpace() {
      return new Dict(Map.of("sum", PAIR));
    }

    @Override
    public boolean stochastic() {
      return false;
    }

    @Override
    public List<Outcome> answer(List<Question> questions) {
      return questions.stream().map(Summing::answer).toList();
    }

    private static Outcome answer(Question question) {
      double[] sum = question.observations().array().toDoubles();
      if (question.state() instanceof DictValue state) {
        double[] before = state.part("sum").array().toDoubles();
        for (int i = 0; i < sum.length; i++) {
          sum[i] += before[i];
        }
      }
      NdArray actions = NdArray.ofDoubles(DType.FLOAT32, sum, question.size(), 2);
      return new Outcome.Answer(actions, null, null, new DictValue(Map.of("sum", actions)));
    }

    @Override
    public void close() {
      closed.complete(true);
    }
  }

  private CompletableFuture<ModelInferResponse> send(ModelInferRequest request) {
    CompletableFuture<ModelInferResponse> answer = new CompletableFuture<>();
    inference.infer(
        request, Context.ROOT, (response, failure) -> complete(answer, response, failure));
    return answer;
  }

  private static void complete(
      CompletableFuture<ModelInferResponse> answer,
      @Nullable ModelInferResponse response,
      @Nullable RuntimeException failure) {
    if (failure != null) {
      answer.completeExceptionally(failure);
    } else {
      answer.complete(response);
    }
  }

  private static ModelInferRequest step(InferParameter id, boolean start, boolean end) {
    ModelInferRequest.Builder request = InferenceTest.times(1, 10).putParameters("sequence_id", id);
    if (start) {
      request.putParameters("sequence_start", InferenceTest.TRUE);
    }
    if (end) {
      request.putParameters("sequence_end", InferenceTest.TRUE);
    }
    return request.build();
  }

  private static InferParameter text(String id) {
    return InferParameter.newBuilder().setStringParam(id).build();
  }

  private static float sum(ModelInferResponse response) {
    return response
        .getRawOutputContents(0)
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .getFloat();
  }

  private float ask(InferParameter id, boolean start, boolean end) {
    return sum(send(step(id, start, end)).join());
  }

  private Kind refusal(InferParameter id, boolean start) {
    CompletionException failure =
        assertThrows(CompletionException.class, () -> ask(id, start, false));
    return assertInstanceOf(GymException.class, failure.getCause()).kind();
  }

  @Test
  void each_sequence_has_a_state_of_its_own_until_it_ends() {
    InferParameter seven = InferenceTest.number(7);
    assertEquals(1, ask(seven, true, false));
    assertEquals(1, ask(text("7"), true, false));
    assertEquals(2, ask(seven, false, false));
    assertEquals(3, ask(seven, false, false));
    assertEquals(2, ask(text("7"), false, false));
    assertEquals(1, ask(seven, true, false));
    assertEquals(2, ask(seven, false, true));
    assertEquals(Kind.INVALID_ARGUMENT, refusal(seven, false));
    assertEquals(3, ask(text("7"), false, true));
    assertEquals(0, sequences.size());
    assertEquals(1, ask(InferenceTest.number(0), false, false));
  }

  @Test
  void requests_that_do_not_wait_for_answers_are_answered_in_order() {
    InferParameter id = text("hasty");
    List<CompletableFuture<ModelInferResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      answers.add(send(step(id, i == 0, i == 99)));
    }
    for (int i = 0; i < 100; i++) {
      assertEquals(i + 1, sum(answers.get(i).join()));
    }
  }

  @Test
  void a_bad_request_leaves_the_sequence_as_it_was() {
    InferParameter id = text("careless");
    assertEquals(1, ask(id, true, false));
    ModelInferRequest.Builder bad = step(id, false, false).toBuilder();
    bad.getInputsBuilder(0).setName("nothing");
    assertThrows(CompletionException.class, () -> send(bad.build()).join());
    ModelInferRequest two =
        InferenceTest.times(1, 2, 3, 4).putParameters("sequence_id", id).build();
    assertThrows(CompletionException.class, () -> send(two).join());
    assertEquals(2, ask(id, false, false));
  }

  @Test
  void sequences_are_bounded_and_idle_ones_make_room() {
    for (int i = 1; i <= 3; i++) {
      now.addAndGet(100);
      ask(InferenceTest.number(i), true, false);
    }
    assertEquals(Kind.RESOURCE_EXHAUSTED, refusal(InferenceTest.number(4), true));
    now.addAndGet(799);
    assertEquals(2, ask(InferenceTest.number(1), false, false));
    now.addAndGet(200);
    assertEquals(1, ask(InferenceTest.number(4), true, false));
    assertEquals(Kind.INVALID_ARGUMENT, refusal(InferenceTest.number(2), false));
    assertEquals(3, ask(InferenceTest.number(1), false, false));
  }

  @Test
  void sequences_hold_their_version_no_longer_than_they_live() {
    ask(text("short"), true, true);
    ask(text("long"), true, false);
    catalogue.put("times", List.of(), Lineup.NEWEST, Map.of());
    assertFalse(actor.closed.isDone());
    assertEquals(2, ask(text("long"), false, false));
    now.addAndGet(1001);
    sequences.expire();
    assertEquals(0, sequences.size());
    assertTrue(actor.closed.orTimeout(60, TimeUnit.SECONDS).join());
  }

  @Test
  void bad_requests_let_go_of_their_version() {
    ModelInferRequest.Builder bad = InferenceTest.times(1, 2);
    bad.getInputsBuilder(0).setName("nothing");
    assertThrows(CompletionException.class, () -> send(bad.build()).join());
    Acting acting = new Acting(catalogue, batches, RequestLog.NONE);
    ActRequest act = ActRequest.newBuilder().setPolicy("times").setBatchSize(1).build();
    assertThrows(
        GymException.class, () -> acting.act(act, Context.ROOT, (response, failure) -> {}));
    catalogue.put("times", List.of(), Lineup.NEWEST, Map.of());
    assertTrue(actor.closed.isDone());
  }
}
