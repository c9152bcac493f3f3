package io.gymbridge.server;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActResponse;
import io.gymbridge.proto.v1.ActStreamRequest;
import io.gymbridge.proto.v1.ActStreamResponse;
import io.gymbridge.proto.v1.DescribePolicyRequest;
import io.gymbridge.proto.v1.DescribePolicyResponse;
import io.gymbridge.proto.v1.ListPoliciesRequest;
import io.gymbridge.proto.v1.ListPoliciesResponse;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.proto.v1.PolicySummary;
import io.gymbridge.transport.Statuses;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the calls of policy.proto. Thread-safe. */
final class PolicyCalls extends PolicyServiceGrpc.PolicyServiceImplBase {
  private static final Logger log = LoggerFactory.getLogger(PolicyCalls.class);

  private final SortedMap<String, HostedPolicy> policies;
  private final String version;

  PolicyCalls(SortedMap<String, HostedPolicy> policies, String version) {
    this.policies = policies;
    this.version = version;
  }

  @Override
  public void listPolicies(
      ListPoliciesRequest request, StreamObserver<ListPoliciesResponse> answer) {
    ListPoliciesResponse.Builder list = ListPoliciesResponse.newBuilder().setServerVersion(version);
    policies.forEach(
        (name, policy) ->
            list.addPolicies(
                PolicySummary.newBuilder()
                    .setName(name)
                    .setVersion(policy.description().getVersion())));
    answer.onNext(list.build());
    answer.onCompleted();
  }

  @Override
  public void describePolicy(
      DescribePolicyRequest request, StreamObserver<DescribePolicyResponse> answer) {
    answer(answer, () -> find(request.getPolicy()).description());
  }

  @Override
  public void act(ActRequest request, StreamObserver<ActResponse> answer) {
    answer(answer, () -> find(request.getPolicy()).act(request));
  }

  @Override
  public StreamObserver<ActStreamRequest> actStream(StreamObserver<ActStreamResponse> answers) {
    return new ActLoop((ServerCallStreamObserver<ActStreamResponse>) answers);
  }

  private HostedPolicy find(String name) {
    HostedPolicy policy =
        name.isEmpty() && policies.size() == 1
            ? policies.get(policies.firstKey())
            : policies.get(name);
    if (policy != null) {
      return policy;
    }
    throw name.isEmpty() && !policies.isEmpty()
        ? new GymException(Kind.INVALID_ARGUMENT, "name one of the policies: " + policies.keySet())
        : new GymException(
            Kind.NOT_FOUND,
            "no policy \"%s\" here: there are %s".formatted(name, policies.keySet()));
  }

  private static <T> void answer(StreamObserver<T> observer, Supplier<T> work) {
    T answer;
    try {
      answer = work.get();
    } catch (RuntimeException e) {
      Failures.log(log, e);
      observer.onError(Statuses.toException(e));
      return;
    }
    observer.onNext(answer);
    observer.onCompleted();
  }

  /** One caller's control loop. gRPC calls it from one thread at a time. */
  private final class ActLoop implements StreamObserver<ActStreamRequest> {
    private final ServerCallStreamObserver<ActStreamResponse> answers;
    private long last;

    ActLoop(ServerCallStreamObserver<ActStreamResponse> answers) {
      this.answers = answers;
      answers.setOnCancelHandler(() -> {});
    }

    @Override
    public void onNext(ActStreamRequest request) {
      ActStreamResponse.Builder answer =
          ActStreamResponse.newBuilder().setSequence(request.getSequence());
      try {
        if (request.getSequence() != last + 1) {
          throw new GymException(
              Kind.INVALID_ARGUMENT,
              "got sequence number %s, expected %d"
                  .formatted(Long.toUnsignedString(request.getSequence()), last + 1));
        }
        last++;
        answer.setActed(find(request.getAct().getPolicy()).act(request.getAct()));
      } catch (RuntimeException e) {
        Failures.log(log, e);
        answer.setError(Statuses.encode(e));
      }
      if (!answers.isCancelled()) {
        answers.onNext(answer.build());
      }
    }

    @Override
    public void onError(@Nullable Throwable failure) {
      // The caller is gone; there is nothing to let go of.
    }

    @Override
    public void onCompleted() {
      if (!answers.isCancelled()) {
        answers.onCompleted();
      }
    }
  }
}
