package io.gymbridge.server.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Text;
import io.gymbridge.core.Value;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.proto.inference.GRPCInferenceServiceGrpc;
import io.gymbridge.proto.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import io.gymbridge.proto.inference.InferParameter;
import io.gymbridge.proto.inference.InferTensorContents;
import io.gymbridge.proto.inference.ModelInferRequest;
import io.gymbridge.proto.inference.ModelInferRequest.InferInputTensor;
import io.gymbridge.proto.inference.ModelInferResponse;
import io.gymbridge.proto.inference.ModelMetadataRequest;
import io.gymbridge.proto.inference.ModelMetadataResponse;
import io.gymbridge.proto.inference.ModelReadyRequest;
import io.gymbridge.proto.inference.ModelRepositoryParameter;
import io.gymbridge.proto.inference.RepositoryIndexRequest;
import io.gymbridge.proto.inference.RepositoryIndexResponse.ModelIndex;
import io.gymbridge.proto.inference.RepositoryModelLoadRequest;
import io.gymbridge.proto.inference.RepositoryModelUnloadRequest;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.ServerSecurity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Open Inference Protocol, where the clients of others do not reach. */
class InferenceTest {
  @TempDir private Path folder = Path.of("");
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  @AfterEach
  void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  private GRPCInferenceServiceBlockingStub connect(PolicyServer server) {
    open.push(server);
    ManagedChannel channel = Channels.open(Address.parse(server.address()));
    open.push(channel::shutdownNow);
    return GRPCInferenceServiceGrpc.newBlockingStub(channel);
  }

  private GRPCInferenceServiceBlockingStub serve(Space observations, Space actions, Value answer) {
    Policy policy =
        new Policy() {
          @Override
          public Space observationSpace() {
            return observations;
          }

          @Override
          public Space actionSpace() {
            return actions;
          }

          @Override
          public Value act(Value asked, boolean deterministic) {
            return answer;
          }

          @Override
          public void close() {}
        };
    return connect(
        PolicyServer.start(
            "127.0.0.1:0", List.of(new ServedPolicy("p", "v7", policy)), ServerSecurity.LOCAL));
  }

  /** Serves versions 1 and 2 of "times", of which 1 is stable. */
  private GRPCInferenceServiceBlockingStub serveTimes(boolean allowPublish) throws IOException {
    Files.createDirectories(folder.resolve("times"));
    TestBundles.times(1).write(folder.resolve("times").resolve("1.zip"));
    TestBundles.times(2).write(folder.resolve("times").resolve("2.zip"));
    Files.writeString(
        folder.resolve("times").resolve("serving.json"),
        "{\"latest\": 2, \"labels\": {\"stable\": \"1\"}}");
    Repository repository = Repository.open(folder, PublishGate.OPEN);
    open.push(repository);
    return connect(
        PolicyServer.start(
            "127.0.0.1:0",
            repository,
            PolicyServerOptions.DEFAULTS.withAllowPublish(allowPublish)));
  }

  static ModelInferRequest.Builder times(float... numbers) {
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    for (float number : numbers) {
      contents.addFp32Contents(number);
    }
    return ModelInferRequest.newBuilder()
        .setModelName("times")
        .addInputs(input("observations", "FP32", numbers.length / 2, 2).setContents(contents));
  }

  static InferInputTensor.Builder input(String name, String datatype, long... shape) {
    InferInputTensor.Builder input =
        InferInputTensor.newBuilder().setName(name).setDatatype(datatype);
    for (long dimension : shape) {
      input.addShape(dimension);
    }
    return input;
  }

  static InferParameter number(long number) {
    return InferParameter.newBuilder().setInt64Param(number).build();
  }

  static final InferParameter TRUE = InferParameter.newBuilder().setBoolParam(true).build();

  private static Status fails(Code code, Runnable call) {
    StatusRuntimeException failure = assertThrows(StatusRuntimeException.class, call::run);
    assertEquals(code, failure.getStatus().getCode(), failure.getMessage());
    return failure.getStatus();
  }

  @Test
  void dict_observations_are_one_tensor_for_each_leaf() {
    Map<String, Space> inner = new LinkedHashMap<>();
    inner.put("left", Box.of(DType.UINT8, 0, 255, 2));
    inner.put("right", Box.of(DType.FLOAT64, -1, 1));
    Map<String, Space> outer = new LinkedHashMap<>();
    outer.put("eyes", new Dict(inner));
    outer.put("gear", new Discrete(3));
    NdArray actions = NdArray.ofLongs(DType.INT64, new long[] {2, 0}, 2);
    Space done = new Dict(Map.of("jump", new Discrete(3)));
    GRPCInferenceServiceBlockingStub stub =
        serve(new Dict(outer), done, new DictValue(Map.of("jump", actions)));
    ModelMetadataResponse metadata = stub.modelMetadata(ModelMetadataRequest.getDefaultInstance());
    assertEquals("p", metadata.getName());
    assertEquals("gymbridge", metadata.getPlatform());
    assertEquals(
        List.of("eyes.left UINT8[-1, 2]", "eyes.right FP64[-1]", "gear INT64[-1]"),
        metadata.getInputsList().stream()
            .map(t -> t.getName() + " " + t.getDatatype() + t.getShapeList())
            .toList());
    assertEquals("actions.jump", metadata.getOutputs(0).getName());
    ModelInferRequest request =
        ModelInferRequest.newBuilder()
            .setModelName("p")
            .addInputs(
                input("gear", "INT64", 2)
                    .setContents(
                        InferTensorContents.newBuilder().addInt64Contents(0).addInt64Contents(2)))
            .addInputs(
                input("eyes.right", "FP64", 2)
                    .setContents(
                        InferTensorContents.newBuilder().addFp64Contents(0).addFp64Contents(1)))
            .addInputs(
                input("eyes.left", "UINT8", 2, 2)
                    .setContents(
                        InferTensorContents.newBuilder().addAllUintContents(List.of(1, 2, 3, 255))))
            .build();
    ModelInferResponse answer = stub.modelInfer(request);
    assertEquals("v7", answer.getModelVersion());
    assertEquals(ByteString.copyFrom(actions.data()), answer.getRawOutputContents(0));
    ModelInferRequest.Builder beyond = request.toBuilder();
    beyond.getInputsBuilder(2).getContentsBuilder().setUintContents(3, 256);
    assertTrue(
        String.valueOf(
                fails(Code.INVALID_ARGUMENT, () -> stub.modelInfer(beyond.build()))
                    .getDescription())
            .contains("got the element 256, expected 0 … 255"));
    ModelInferRequest.Builder uneven = request.toBuilder();
    uneven.setInputs(
        0,
        input("gear", "INT64", 1)
            .setContents(InferTensorContents.newBuilder().addInt64Contents(0)));
    fails(Code.INVALID_ARGUMENT, () -> stub.modelInfer(uneven.build()));
  }

  @Test
  void what_waited_longer_than_its_timeout_is_not_computed() {
    Space space = new Discrete(3);
    GRPCInferenceServiceBlockingStub stub =
        serve(space, space, NdArray.ofLongs(DType.INT64, new long[] {2}, 1));
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder()
            .setModelName("p")
            .addInputs(
                input("observations", "INT64", 1)
                    .setContents(InferTensorContents.newBuilder().addInt64Contents(0)));
    for (long patient : new long[] {0, 60_000_000, Long.MAX_VALUE}) {
      request.putParameters("timeout", number(patient));
      assertEquals(1, stub.modelInfer(request.build()).getOutputsCount());
    }
    // A microsecond: a question changes threads before it is computed, which takes longer.
    request.putParameters("timeout", number(1));
    fails(Code.DEADLINE_EXCEEDED, () -> stub.modelInfer(request.build()));
    request.putParameters("timeout", number(-1));
    fails(Code.INVALID_ARGUMENT, () -> stub.modelInfer(request.build()));
  }

  @Test
  void policy_whose_observations_are_no_tensors_is_not_ready_and_says_why() {
    GRPCInferenceServiceBlockingStub stub =
        serve(new Text(5), new Discrete(2), NdArray.ofLongs(DType.INT64, new long[] {1}, 1));
    assertFalse(stub.modelReady(ModelReadyRequest.newBuilder().setName("p").build()).getReady());
    Status refusal =
        fails(
            Code.UNIMPLEMENTED,
            () -> stub.modelMetadata(ModelMetadataRequest.getDefaultInstance()));
    assertTrue(String.valueOf(refusal.getDescription()).contains("are no tensors"));
    fails(Code.UNIMPLEMENTED, () -> stub.modelInfer(ModelInferRequest.getDefaultInstance()));
  }

  @Test
  void loading_and_unloading_want_the_right_and_a_repository() throws IOException {
    RepositoryModelLoadRequest load =
        RepositoryModelLoadRequest.newBuilder().setModelName("times").build();
    RepositoryModelUnloadRequest unload =
        RepositoryModelUnloadRequest.newBuilder().setModelName("times").build();
    GRPCInferenceServiceBlockingStub stub = serveTimes(false);
    fails(Code.PERMISSION_DENIED, () -> stub.repositoryModelLoad(load));
    fails(Code.PERMISSION_DENIED, () -> stub.repositoryModelUnload(unload));
    stub.modelInfer(times(1, 2).build());
  }

  @Test
  void unloaded_policy_stays_away_until_it_is_loaded_and_sequences_go_on() throws Exception {
    GRPCInferenceServiceBlockingStub stub = serveTimes(true);
    ModelInferRequest.Builder step = times(1, 2).putParameters("sequence_id", number(7));
    stub.modelInfer(
        step.clone().setModelVersion("2").putParameters("sequence_start", TRUE).build());
    stub.repositoryModelUnload(
        RepositoryModelUnloadRequest.newBuilder().setModelName("times").build());
    fails(Code.UNAVAILABLE, () -> stub.modelInfer(times(1, 2).build()));
    assertEquals("2", stub.modelInfer(step.build()).getModelVersion());
    assertEquals(
        List.of("UNAVAILABLE", "UNAVAILABLE"),
        stub.repositoryIndex(RepositoryIndexRequest.getDefaultInstance()).getModelsList().stream()
            .map(ModelIndex::getState)
            .toList());
    assertEquals(
        0,
        stub.repositoryIndex(RepositoryIndexRequest.newBuilder().setReady(true).build())
            .getModelsCount());
    stub.repositoryModelLoad(RepositoryModelLoadRequest.newBuilder().setModelName("times").build());
    assertEquals("1", stub.modelInfer(times(1, 2).build()).getModelVersion());
    assertEquals(
        "2",
        stub.modelInfer(step.clone().putParameters("sequence_end", TRUE).build())
            .getModelVersion());
    fails(Code.INVALID_ARGUMENT, () -> stub.modelInfer(step.build()));
  }

  @Test
  void version_can_be_loaded_by_its_name() throws IOException {
    GRPCInferenceServiceBlockingStub stub = serveTimes(true);
    Files.writeString(folder.resolve("times").resolve("serving.json"), "{}");
    RepositoryModelLoadRequest.Builder load =
        RepositoryModelLoadRequest.newBuilder().setModelName("times");
    stub.repositoryModelLoad(load.build());
    assertEquals("2", stub.modelInfer(times(1, 2).build()).getModelVersion());
    load.putParameters(
        "version", ModelRepositoryParameter.newBuilder().setStringParam("1").build());
    stub.repositoryModelLoad(load.build());
    assertEquals("1", stub.modelInfer(times(1, 2).build()).getModelVersion());
    load.putParameters(
        "version", ModelRepositoryParameter.newBuilder().setStringParam("9").build());
    fails(Code.INVALID_ARGUMENT, () -> stub.repositoryModelLoad(load.build()));
    assertEquals("1", stub.modelInfer(times(1, 2).build()).getModelVersion());
  }

  @Test
  void one_request_of_a_sequence_asks_for_another_version() throws IOException {
    GRPCInferenceServiceBlockingStub stub = serveTimes(false);
    ModelInferRequest.Builder step = times(1, 2).putParameters("sequence_id", number(7));
    assertEquals(
        "1",
        stub.modelInfer(step.clone().putParameters("sequence_start", TRUE).build())
            .getModelVersion());
    assertEquals("2", stub.modelInfer(step.clone().setModelVersion("2").build()).getModelVersion());
    assertEquals("2", stub.modelInfer(step.build()).getModelVersion());
    fails(Code.NOT_FOUND, () -> stub.modelInfer(step.clone().setModelVersion("9").build()));
    assertEquals("2", stub.modelInfer(step.build()).getModelVersion());
  }
}
