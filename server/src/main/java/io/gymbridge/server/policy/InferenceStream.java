package io.gymbridge.server.policy;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.gymbridge.proto.inference.InferParameter;
import io.gymbridge.proto.inference.ModelInferRequest;
import io.gymbridge.proto.inference.ModelInferResponse;
import io.gymbridge.proto.inference.ModelStreamInferResponse;
import io.gymbridge.server.Failures;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream of requests, of which several are under way at a time; answers leave in the order of
 * the requests. A client that does not read its answers is not read either. Thread-safe.
 */
final class InferenceStream implements StreamObserver<ModelInferRequest> {
  private static final Logger log = LoggerFactory.getLogger(InferenceStream.class);

  /** Requests that may be under way. */
  private static final int WINDOW = 64;

  /** A client sets it, and wants to hear that an answer is the last of its request. */
  private static final String ASKS_FOR_END = "triton_enable_empty_final_response";

  private static final String END = "triton_final_response";

  private final Inference inference;
  private final ServerCallStreamObserver<ModelStreamInferResponse> answers;
  private final Context context = Context.current();
  private final Deque<Slot> slots = new ArrayDeque<>();
  private int owed;
  private boolean halfClosed;

  /** A request's place among the answers. */
  private static final class Slot {
    private @Nullable ModelStreamInferResponse answer;
  }

  InferenceStream(Inference inference, ServerCallStreamObserver<ModelStreamInferResponse> answers) {
    this.inference = inference;
    this.answers = answers;
    answers.disableAutoRequest();
    answers.setOnCancelHandler(() -> {});
    answers.setOnReadyHandler(this::flush);
    answers.request(WINDOW);
  }

  @Override
  public void onNext(ModelInferRequest request) {
    Slot slot = new Slot();
    synchronized (this) {
      slots.add(slot);
    }
    inference.infer(
        request,
        context,
        (response, failure) -> {
          ModelStreamInferResponse answer = answer(request, response, failure);
          synchronized (this) {
            slot.answer = answer;
          }
          flush();
        });
  }

  private static ModelStreamInferResponse answer(
      ModelInferRequest request,
      @Nullable ModelInferResponse response,
      @Nullable RuntimeException failure) {
    ModelStreamInferResponse.Builder answer = ModelStreamInferResponse.newBuilder();
    if (response == null) {
      RuntimeException reason = InferenceCalls.reason(failure);
      Failures.log(log, reason);
      return answer
          .setErrorMessage(String.valueOf(reason.getMessage()))
          .setInferResponse(
              ModelInferResponse.newBuilder()
                  .setModelName(request.getModelName())
                  .setModelVersion(request.getModelVersion())
                  .setId(request.getId()))
          .build();
    }
    answer.setInferResponse(response);
    if (request.getParametersCount() > 0
        && request.getParametersMap().containsKey(ASKS_FOR_END)
        && request.getParametersMap().get(ASKS_FOR_END).getBoolParam()) {
      answer
          .getInferResponseBuilder()
          .putParameters(END, InferParameter.newBuilder().setBoolParam(true).build());
    }
    return answer.build();
  }

  /** Sends what is next, and asks for as many requests more. */
  private synchronized void flush() {
    if (answers.isCancelled()) {
      slots.clear();
      return;
    }
    while (!slots.isEmpty() && slots.peek().answer != null) {
      answers.onNext(slots.remove().answer);
      owed++;
    }
    if (owed > 0 && answers.isReady()) {
      answers.request(owed);
      owed = 0;
    }
    complete();
  }

  private void complete() {
    if (halfClosed && slots.isEmpty()) {
      halfClosed = false;
      answers.onCompleted();
    }
  }

  @Override
  public void onError(@Nullable Throwable failure) {
    // The call is over: what is under way is answered to nobody.
  }

  @Override
  public synchronized void onCompleted() {
    halfClosed = true;
    if (!answers.isCancelled()) {
      complete();
    }
  }
}
