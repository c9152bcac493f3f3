package io.gymbridge.server.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.proto.inference.GRPCInferenceServiceGrpc;
import io.gymbridge.proto.inference.InferParameter;
import io.gymbridge.proto.inference.ModelInferRequest;
import io.gymbridge.proto.inference.ModelInferRequest.InferInputTensor;
import io.gymbridge.proto.inference.ModelInferRequest.InferRequestedOutputTensor;
import io.gymbridge.proto.inference.ModelStreamInferResponse;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What no client of others sends: each request gets a status or an answer, and the server lives on.
 * The system property {@code gymbridge.malformed} says how many hundreds.
 */
class InferenceMalformedTest {
  private static final int COUNT = 100 * Integer.getInteger("gymbridge.malformed", 100);
  private static final int UNDER_WAY = 50;
  private static final Set<Code> MEANT =
      EnumSet.of(
          Code.OK,
          Code.INVALID_ARGUMENT,
          Code.NOT_FOUND,
          Code.UNIMPLEMENTED,
          Code.RESOURCE_EXHAUSTED);

  @TempDir private Path folder = Path.of("");
  private Repository repository = nothing();
  private PolicyServer server = nothing();
  private ManagedChannel channel = nothing();

  /** Until it is made. */
  @SuppressWarnings({"TypeParameterUnusedInFormals", "NullAway"})
  private static <T> T nothing() {
    return null;
  }

  @BeforeEach
  void serve() throws IOException {
    Files.createDirectories(folder.resolve("times"));
    TestBundles.times(1).write(folder.resolve("times").resolve("1.zip"));
    Files.createDirectories(folder.resolve("network"));
    TestBundles.network(2, 8, 1).write(folder.resolve("network").resolve("1.zip"));
    repository = Repository.open(folder, PublishGate.OPEN);
    server = PolicyServer.start("127.0.0.1:0", repository, PolicyServerOptions.DEFAULTS);
    channel = Channels.open(Address.parse(server.address()));
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.close();
    repository.close();
  }

  /** Bytes as they are. */
  private enum Raw implements MethodDescriptor.Marshaller<byte[]> {
    MARSHALLER;

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void mutated_requests_get_a_status_or_an_answer() throws InterruptedException {
    MethodDescriptor<byte[], byte[]> method =
        GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder(Raw.MARSHALLER, Raw.MARSHALLER)
            .build();
    Random random = new Random(1);
    Semaphore free = new Semaphore(UNDER_WAY);
    Map<Code, Integer> codes = new ConcurrentHashMap<>();
    Map<Code, String> surprises = new ConcurrentHashMap<>();
    for (int i = 0; i < COUNT; i++) {
      ModelInferRequest request = mutated(random);
      byte[] bytes = request.toByteArray();
      if (random.nextInt(3) == 0) {
        bytes = damaged(bytes, random);
      }
      assertTrue(free.tryAcquire(60, TimeUnit.SECONDS), "the server does not answer any more");
      ClientCalls.asyncUnaryCall(
          channel.newCall(method, CallOptions.DEFAULT),
          bytes,
          new StreamObserver<>() {
            @Override
            public void onNext(byte[] value) {}

            @Override
            public void onError(Throwable failure) {
              ended(Status.fromThrowable(failure));
            }

            @Override
            public void onCompleted() {
              ended(Status.OK);
            }

            private void ended(Status status) {
              codes.merge(status.getCode(), 1, Integer::sum);
              if (!MEANT.contains(status.getCode())) {
                surprises.put(status.getCode(), status + " for " + request);
              }
              free.release();
            }
          });
    }
    assertTrue(free.tryAcquire(UNDER_WAY, 60, TimeUnit.SECONDS), "some were never answered");
    assertEquals(Map.of(), surprises);
    assertEquals(COUNT, codes.values().stream().mapToInt(n -> n).sum());
    // Had nothing been wrong, or everything, little would have been tried.
    assertTrue(codes.getOrDefault(Code.OK, 0) > COUNT / 20, new TreeMap<>(codes).toString());
    assertTrue(codes.getOrDefault(Code.INVALID_ARGUMENT, 0) > COUNT / 4, codes.toString());
    GRPCInferenceServiceGrpc.newBlockingStub(channel).modelInfer(valid().build());
  }

  @Test
  void mutated_requests_of_a_stream_get_one_response_each() {
    Random random = new Random(2);
    int count = COUNT / 10;
    CompletableFuture<Integer> end = new CompletableFuture<>();
    StreamObserver<ModelInferRequest> requests =
        GRPCInferenceServiceGrpc.newStub(channel)
            .modelStreamInfer(
                new StreamObserver<>() {
                  private int answers;

                  @Override
                  public void onNext(ModelStreamInferResponse response) {
                    String id = response.getInferResponse().getId();
                    if (!id.equals(String.valueOf(answers))) {
                      end.completeExceptionally(new AssertionError(answers + ": " + response));
                    }
                    answers++;
                  }

                  @Override
                  public void onError(Throwable failure) {
                    end.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {
                    end.complete(answers);
                  }
                });
    for (int i = 0; i < count; i++) {
      requests.onNext(mutated(random).toBuilder().setId(String.valueOf(i)).build());
    }
    requests.onCompleted();
    assertEquals(count, end.orTimeout(60, TimeUnit.SECONDS).join());
  }

  private static ModelInferRequest.Builder valid() {
    return InferenceTest.times(1, 2, 3, 4);
  }

  /** A good request, with some things about it changed. */
  private static ModelInferRequest mutated(Random random) {
    ModelInferRequest.Builder request = valid();
    if (random.nextBoolean()) {
      request.setModelName("network");
    }
    if (random.nextBoolean()) {
      request.getInputsBuilder(0).clearContents();
      request.addRawInputContents(bytes(random, 16));
    }
    for (int i = random.nextInt(4); i > 0; i--) {
      mutate(request, random);
    }
    return request.build();
  }

  private static void mutate(ModelInferRequest.Builder request, Random random) {
    InferInputTensor.Builder input =
        request.getInputsCount() == 0 ? request.addInputsBuilder() : request.getInputsBuilder(0);
    switch (random.nextInt(14)) {
      case 0 -> request.setModelName(text(random, "times", "network", ""));
      case 1 -> request.setModelVersion(text(random, "1", "2", "stable"));
      case 2 -> request.setId(text(random, "", "x", "y"));
      case 3 -> input.setName(text(random, "observations", "action_mask", "actions"));
      case 4 -> input.setDatatype(text(random, "FP64", "BYTES", "fp32"));
      case 5 -> input.addShape(random.nextBoolean() ? random.nextInt(4) : random.nextLong());
      case 6 ->
          input.clearShape().addShape(random.nextBoolean() ? 1 : random.nextLong()).addShape(2);
      case 7 -> request.addInputs(input.build());
      case 8 -> request.clearInputs();
      case 9 -> request.addRawInputContents(bytes(random, 16));
      case 10 ->
          request.addOutputs(
              InferRequestedOutputTensor.newBuilder()
                  .setName(text(random, "actions", "log_probability", "value"))
                  .putParameters(text(random, "a", "classification", "b"), parameter(random)));
      case 11 ->
          request.putParameters(
              text(random, "sequence_id", "sequence_start", "sequence_end"), parameter(random));
      case 12 ->
          request.putParameters(text(random, "deterministic", "seed", "step"), parameter(random));
      default -> {
        input.putParameters(text(random, "shared_memory_region", "a", "b"), parameter(random));
        input
            .getContentsBuilder()
            .addFp32Contents(random.nextBoolean() ? Float.NaN : random.nextFloat())
            .addUintContents(random.nextInt())
            .addBytesContents(bytes(random, 3));
      }
    }
  }

  private static InferParameter parameter(Random random) {
    InferParameter.Builder parameter = InferParameter.newBuilder();
    switch (random.nextInt(6)) {
      case 0 -> parameter.setBoolParam(random.nextBoolean());
      case 1 -> parameter.setInt64Param(random.nextBoolean() ? 1 : random.nextLong());
      case 2 -> parameter.setStringParam(text(random, "", "1", "x"));
      case 3 -> parameter.setDoubleParam(random.nextGaussian());
      case 4 -> parameter.setUint64Param(random.nextLong());
      default -> {}
    }
    return parameter.build();
  }

  private static String text(Random random, String... likely) {
    return random.nextInt(5) > 0
        ? likely[random.nextInt(likely.length)]
        : random
            .ints(random.nextInt(50), 0, 0xD7FF)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
  }

  /** Bytes, often of the right number, and often those of small numbers. */
  private static ByteString bytes(Random random, int right) {
    byte[] bytes = new byte[random.nextInt(4) > 0 ? right : random.nextInt(2 * right)];
    if (random.nextInt(3) == 0) {
      random.nextBytes(bytes);
    }
    return ByteString.copyFrom(bytes);
  }

  /** Some bytes changed, some cut off. */
  private static byte[] damaged(byte[] bytes, Random random) {
    int length = random.nextBoolean() ? bytes.length : random.nextInt(bytes.length + 1);
    byte[] damaged = java.util.Arrays.copyOf(bytes, length);
    for (int i = random.nextInt(4); i > 0 && length > 0; i--) {
      damaged[random.nextInt(length)] = (byte) random.nextInt();
    }
    return damaged;
  }
}
