package io.gymbridge.server.policy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Context;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.proto.inference.ModelInferRequest;
import io.gymbridge.proto.inference.ModelInferRequest.InferRequestedOutputTensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Prints how long the server is busy with one ModelInfer call to a 17-256-256-6 policy, from the
 * request's bytes to the answer's, without gRPC; no test. Arguments: how many calls to time.
 */
final class InferenceTiming {
  private InferenceTiming() {}

  public static void main(String[] args) throws InvalidProtocolBufferException {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
    PolicyBundle bundle = TestBundles.network(17, 256, 6);
    Catalogue catalogue = new Catalogue();
    Version version = new Version("network", "1", "d", bundle.policy(0), true, Map.of());
    catalogue.put("network", List.of(version), Lineup.NEWEST, Map.of());
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder()
            .setModelName("network")
            .addInputs(InferenceTest.input("observations", "FP32", 1, 17))
            .addRawInputContents(ByteString.copyFrom(new byte[68]));
    try (Batches batches = new Batches(1024, 256, 1);
        Inference inference =
            new Inference(
                new InferenceModels(catalogue, 256, 0),
                batches,
                RequestLog.NONE,
                new InferenceSequences(1, 1, System::nanoTime))) {
      print("all outputs", count, inference, request.build().toByteArray());
      request.addOutputs(InferRequestedOutputTensor.newBuilder().setName("actions"));
      print("actions only", count, inference, request.build().toByteArray());
    }
    catalogue.close();
  }

  private static void print(String what, int count, Inference inference, byte[] request)
      throws InvalidProtocolBufferException {
    long[] nanos = new long[count];
    int[] bytes = new int[1];
    for (int i = -count / 2; i < count; i++) {
      long start = System.nanoTime();
      inference.infer(
          ModelInferRequest.parseFrom(request),
          Context.ROOT,
          (response, failure) -> {
            if (response == null) {
              throw new AssertionError(failure);
            }
            bytes[0] += response.toByteArray().length;
          });
      if (i >= 0) {
        nanos[i] = System.nanoTime() - start;
      }
    }
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "%-14s p50 %5.1f us  p90 %5.1f us  p99 %6.1f us%n",
        what,
        nanos[count / 2] / 1e3,
        nanos[count * 9 / 10] / 1e3,
        nanos[count * 99 / 100] / 1e3);
  }
}
