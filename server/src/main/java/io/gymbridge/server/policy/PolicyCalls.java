package io.gymbridge.server.policy;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActResponse;
import io.gymbridge.proto.v1.ActStreamRequest;
import io.gymbridge.proto.v1.ActStreamResponse;
import io.gymbridge.proto.v1.ConfigurePolicyRequest;
import io.gymbridge.proto.v1.ConfigurePolicyResponse;
import io.gymbridge.proto.v1.DescribePolicyRequest;
import io.gymbridge.proto.v1.DescribePolicyResponse;
import io.gymbridge.proto.v1.ListPoliciesRequest;
import io.gymbridge.proto.v1.ListPoliciesResponse;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.proto.v1.PublishPolicyRequest;
import io.gymbridge.proto.v1.PublishPolicyResponse;
import io.gymbridge.server.Endpoint;
import io.gymbridge.server.Failures;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the calls of policy.proto. Thread-safe. */
final class PolicyCalls extends PolicyServiceGrpc.PolicyServiceImplBase {
  private static final Logger log = LoggerFactory.getLogger(PolicyCalls.class);

  private final Acting acting;
  private final @Nullable Repository repository;

  /**
   * Calls about the policies of a catalogue.
   *
   * @param repository where new versions go; null for nowhere
   */
  PolicyCalls(Acting acting, @Nullable Repository repository) {
    this.acting = acting;
    this.repository = repository;
  }

  @Override
  public void listPolicies(
      ListPoliciesRequest request, StreamObserver<ListPoliciesResponse> answer) {
    ListPoliciesResponse.Builder list =
        ListPoliciesResponse.newBuilder().setServerVersion(Endpoint.VERSION);
    acting.catalogue().shelves().forEach(shelf -> list.addPolicies(shelf.summary()));
    answer.onNext(list.build());
    answer.onCompleted();
  }

  @Override
  public void describePolicy(
      DescribePolicyRequest request, StreamObserver<DescribePolicyResponse> answer) {
    answer(
        answer,
        () -> {
          Version version = acting.catalogue().find(request.getPolicy()).pick(request.getVersion());
          DescribePolicyResponse description = version.description();
          version.release();
          return description;
        });
  }

  @Override
  public void act(ActRequest request, StreamObserver<ActResponse> answer) {
    // Without a handler, an answer to a caller who has gone would throw.
    ((ServerCallStreamObserver<ActResponse>) answer).setOnCancelHandler(() -> {});
    try {
      acting.act(
          request,
          Context.current(),
          (response, failure) -> {
            if (response != null) {
              answer.onNext(response);
              answer.onCompleted();
            } else {
              fail(answer, failure);
            }
          });
    } catch (RuntimeException e) {
      fail(answer, e);
    }
  }

  @Override
  public StreamObserver<ActStreamRequest> actStream(StreamObserver<ActStreamResponse> answers) {
    return new ActStream(acting, (ServerCallStreamObserver<ActStreamResponse>) answers);
  }

  @Override
  public StreamObserver<PublishPolicyRequest> publishPolicy(
      StreamObserver<PublishPolicyResponse> answer) {
    return new Publishing(repository, (ServerCallStreamObserver<PublishPolicyResponse>) answer);
  }

  @Override
  public void configurePolicy(
      ConfigurePolicyRequest request, StreamObserver<ConfigurePolicyResponse> answer) {
    Repository keeper = repository;
    if (keeper == null) {
      fail(answer, noRepository());
      return;
    }
    keeper.run(
        () ->
            answer(
                answer,
                () -> {
                  keeper.configure(request.getPolicy(), LineupCodec.decode(request.getLineup()));
                  return ConfigurePolicyResponse.newBuilder()
                      .setPolicy(acting.catalogue().find(request.getPolicy()).summary())
                      .build();
                }));
  }

  static GymException noRepository() {
    return new GymException(
        Kind.UNIMPLEMENTED,
        "this server serves what it was started with: start it with a folder of policies, which it can add to");
  }

  private static <T> void answer(StreamObserver<T> observer, Supplier<T> work) {
    T answer;
    try {
      answer = work.get();
    } catch (RuntimeException e) {
      fail(observer, e);
      return;
    }
    observer.onNext(answer);
    observer.onCompleted();
  }

  private static void fail(StreamObserver<?> observer, @Nullable RuntimeException failure) {
    RuntimeException reason =
        failure == null ? new IllegalStateException("neither an answer nor a failure") : failure;
    Failures.log(log, reason);
    observer.onError(Overload.status(reason));
  }
}
