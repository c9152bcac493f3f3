package io.gymbridge.server;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.gymbridge.proto.v1.CloseSessionRequest;
import io.gymbridge.proto.v1.CloseSessionResponse;
import io.gymbridge.proto.v1.DescribeSessionRequest;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.EnvironmentSummary;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.ListEnvironmentsRequest;
import io.gymbridge.proto.v1.ListEnvironmentsResponse;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.transport.Callers;
import io.gymbridge.transport.Statuses;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the calls of environment.proto. Never blocks. Thread-safe. */
final class EnvironmentCalls extends EnvironmentServiceGrpc.EnvironmentServiceImplBase {
  private static final Logger log = LoggerFactory.getLogger(EnvironmentCalls.class);

  private final Sessions sessions;
  private final ListEnvironmentsResponse list;

  EnvironmentCalls(Sessions sessions, Iterable<ServedEnvironment> offered, ServeOptions options) {
    this.sessions = sessions;
    ListEnvironmentsResponse.Builder summaries =
        ListEnvironmentsResponse.newBuilder().setServerVersion(Endpoint.VERSION);
    for (ServedEnvironment environment : offered) {
      summaries.addEnvironments(
          EnvironmentSummary.newBuilder()
              .setEnvId(environment.id())
              .setDefaultNumEnvs(options.numEnvs())
              .addAllAllowedKwargs(environment.allowedKwargs())
              .addAllAllowedAttributes(environment.allowedAttributes()));
    }
    list = summaries.build();
  }

  @Override
  public void listEnvironments(
      ListEnvironmentsRequest request, StreamObserver<ListEnvironmentsResponse> answer) {
    answer(answer, () -> CompletableFuture.completedFuture(list));
  }

  @Override
  public void openSession(
      OpenSessionRequest request, StreamObserver<OpenSessionResponse> observer) {
    ServerCallStreamObserver<OpenSessionResponse> answer =
        (ServerCallStreamObserver<OpenSessionResponse>) observer;
    // Where a client with a nonce has given up waiting, it may ask again.
    answer.setOnCancelHandler(() -> {});
    answer(
        answer,
        () -> {
          CompletableFuture<OpenSessionResponse> opened = sessions.open(request);
          if (request.getNonce().isEmpty()) {
            answer.setOnCancelHandler(
                () -> {
                  var unused =
                      opened.thenCompose(response -> sessions.close(response.getSessionId()));
                });
          }
          return opened;
        });
  }

  @Override
  public void describeSession(
      DescribeSessionRequest request, StreamObserver<OpenSessionResponse> answer) {
    ((ServerCallStreamObserver<OpenSessionResponse>) answer).setOnCancelHandler(() -> {});
    answer(answer, () -> sessions.describe(request.getSessionId()));
  }

  @Override
  public void closeSession(
      CloseSessionRequest request, StreamObserver<CloseSessionResponse> answer) {
    ((ServerCallStreamObserver<CloseSessionResponse>) answer).setOnCancelHandler(() -> {});
    answer(
        answer,
        () ->
            sessions
                .close(request.getSessionId())
                .thenApply(done -> CloseSessionResponse.getDefaultInstance()));
  }

  @Override
  public StreamObserver<InteractRequest> interact(StreamObserver<InteractResponse> answers) {
    return new InteractStream(
        sessions::shard, (ServerCallStreamObserver<InteractResponse>) answers, Callers.isLocal());
  }

  private static <T> void answer(StreamObserver<T> observer, Supplier<CompletableFuture<T>> work) {
    CompletableFuture<T> answer;
    try {
      answer = work.get();
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    var unused =
        answer.whenComplete(
            (response, failure) -> {
              if (failure == null) {
                observer.onNext(response);
                observer.onCompleted();
              } else {
                observer.onError(Statuses.toException(told(failure)));
              }
            });
  }

  private static Throwable told(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException wrapped && wrapped.getCause() != null
            ? wrapped.getCause()
            : failure;
    Failures.log(log, cause);
    return cause;
  }
}
