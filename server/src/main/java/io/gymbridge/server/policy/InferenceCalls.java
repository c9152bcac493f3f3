package io.gymbridge.server.policy;

import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.inference.GRPCInferenceServiceGrpc;
import io.gymbridge.proto.inference.ModelConfigRequest;
import io.gymbridge.proto.inference.ModelConfigResponse;
import io.gymbridge.proto.inference.ModelInferRequest;
import io.gymbridge.proto.inference.ModelInferResponse;
import io.gymbridge.proto.inference.ModelMetadataRequest;
import io.gymbridge.proto.inference.ModelMetadataResponse;
import io.gymbridge.proto.inference.ModelReadyRequest;
import io.gymbridge.proto.inference.ModelReadyResponse;
import io.gymbridge.proto.inference.ModelRepositoryParameter;
import io.gymbridge.proto.inference.ModelStatisticsRequest;
import io.gymbridge.proto.inference.ModelStatisticsResponse;
import io.gymbridge.proto.inference.ModelStreamInferResponse;
import io.gymbridge.proto.inference.RepositoryIndexRequest;
import io.gymbridge.proto.inference.RepositoryIndexResponse;
import io.gymbridge.proto.inference.RepositoryModelLoadRequest;
import io.gymbridge.proto.inference.RepositoryModelLoadResponse;
import io.gymbridge.proto.inference.RepositoryModelUnloadRequest;
import io.gymbridge.proto.inference.RepositoryModelUnloadResponse;
import io.gymbridge.proto.inference.ServerLiveRequest;
import io.gymbridge.proto.inference.ServerLiveResponse;
import io.gymbridge.proto.inference.ServerMetadataRequest;
import io.gymbridge.proto.inference.ServerMetadataResponse;
import io.gymbridge.proto.inference.ServerReadyRequest;
import io.gymbridge.proto.inference.ServerReadyResponse;
import io.gymbridge.server.Endpoint;
import io.gymbridge.server.Failures;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the calls of the Open Inference Protocol, grpc_service.proto. Thread-safe. */
final class InferenceCalls extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
  private static final Logger log = LoggerFactory.getLogger(InferenceCalls.class);
  private static final List<String> EXTENSIONS =
      List.of("sequence", "model_repository", "model_configuration", "parameters", "statistics");

  private final Inference inference;
  private final @Nullable Repository repository;

  /**
   * Calls about a catalogue's policies.
   *
   * @param repository what loads and unloads; null for nothing
   */
  InferenceCalls(Inference inference, @Nullable Repository repository) {
    this.inference = inference;
    this.repository = repository;
  }

  @Override
  public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> answer) {
    answer(answer, () -> ServerLiveResponse.newBuilder().setLive(true).build());
  }

  @Override
  public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> answer) {
    // One that is about to end takes no calls, this one included.
    answer(answer, () -> ServerReadyResponse.newBuilder().setReady(true).build());
  }

  @Override
  public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> answer) {
    answer(
        answer,
        () ->
            ModelReadyResponse.newBuilder()
                .setReady(inference.models().ready(request.getName(), request.getVersion()))
                .build());
  }

  @Override
  public void serverMetadata(
      ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> answer) {
    answer(
        answer,
        () ->
            ServerMetadataResponse.newBuilder()
                .setName("gymbridge")
                .setVersion(Endpoint.VERSION)
                .addAllExtensions(EXTENSIONS)
                .build());
  }

  @Override
  public void modelMetadata(
      ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> answer) {
    answer(answer, () -> inference.models().metadata(request.getName(), request.getVersion()));
  }

  @Override
  public void modelConfig(ModelConfigRequest request, StreamObserver<ModelConfigResponse> answer) {
    answer(
        answer,
        () ->
            ModelConfigResponse.newBuilder()
                .setConfig(inference.models().config(request.getName(), request.getVersion()))
                .build());
  }

  @Override
  public void modelStatistics(
      ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> answer) {
    answer(
        answer,
        () -> InferenceStatistics.of(inference.models(), request.getName(), request.getVersion()));
  }

  @Override
  public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> answer) {
    // Without a handler, an answer to a caller who has gone would throw.
    ((ServerCallStreamObserver<ModelInferResponse>) answer).setOnCancelHandler(() -> {});
    inference.infer(
        request,
        Context.current(),
        (response, failure) -> {
          if (response != null) {
            answer.onNext(response);
            answer.onCompleted();
          } else {
            fail(answer, reason(failure));
          }
        });
  }

  @Override
  public StreamObserver<ModelInferRequest> modelStreamInfer(
      StreamObserver<ModelStreamInferResponse> answers) {
    return new InferenceStream(
        inference, (ServerCallStreamObserver<ModelStreamInferResponse>) answers);
  }

  @Override
  public void repositoryIndex(
      RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> answer) {
    answer(
        answer,
        () -> {
          checkRepository(request.getRepositoryName());
          return inference.models().index(request.getReady());
        });
  }

  @Override
  public void repositoryModelLoad(
      RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> answer) {
    change(
        answer,
        request.getRepositoryName(),
        keeper -> {
          keeper.load(request.getModelName(), version(request.getParametersMap()));
          return RepositoryModelLoadResponse.getDefaultInstance();
        });
  }

  /** The version that is to be in service; empty for what was configured. */
  private static String version(Map<String, ModelRepositoryParameter> parameters) {
    ModelRepositoryParameter version = parameters.get("version");
    if (parameters.size() > (version == null ? 0 : 1)
        || (version != null && !version.hasStringParam())) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got the parameters %s, expected none but the string_param \"version\": a policy is what its bundle says, publish another one"
              .formatted(parameters.keySet()));
    }
    return version == null ? "" : version.getStringParam();
  }

  @Override
  public void repositoryModelUnload(
      RepositoryModelUnloadRequest request, StreamObserver<RepositoryModelUnloadResponse> answer) {
    change(
        answer,
        request.getRepositoryName(),
        keeper -> {
          keeper.unload(request.getModelName());
          return RepositoryModelUnloadResponse.getDefaultInstance();
        });
  }

  /** A change of the repository. */
  private interface Change<T> {
    T apply(Repository keeper);
  }

  private <T> void change(StreamObserver<T> answer, String name, Change<T> change) {
    // It takes its time, and its caller may have gone meanwhile.
    ((ServerCallStreamObserver<T>) answer).setOnCancelHandler(() -> {});
    Repository keeper = repository;
    if (keeper == null) {
      fail(answer, PolicyCalls.noRepository());
      return;
    }
    keeper.run(
        () ->
            answer(
                answer,
                () -> {
                  checkRepository(name);
                  return change.apply(keeper);
                }));
  }

  private static void checkRepository(String name) {
    if (!name.isEmpty()) {
      throw new GymException(
          Kind.NOT_FOUND,
          "no repository \"%s\" here: there is one, which has no name".formatted(name));
    }
  }

  /** Why there is no answer. */
  static RuntimeException reason(@Nullable RuntimeException failure) {
    return failure == null ? new IllegalStateException("neither an answer nor a failure") : failure;
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

  private static void fail(StreamObserver<?> observer, RuntimeException reason) {
    Failures.log(log, reason);
    observer.onError(Overload.status(reason));
  }
}
