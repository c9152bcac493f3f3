package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.gymbridge.client.PythonServers;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Transitions;
import io.gymbridge.learners.BehavioralCloning;
import io.gymbridge.learners.PolicyNetwork;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.proto.inference.GRPCInferenceServiceGrpc;
import io.gymbridge.proto.inference.ModelInferRequest;
import io.gymbridge.proto.inference.ModelInferResponse;
import io.gymbridge.server.policy.PolicyServer;
import io.gymbridge.server.policy.PolicyServerOptions;
import io.gymbridge.server.policy.PublishGate;
import io.gymbridge.server.policy.Repository;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same observations by every way in which a policy can answer. */
class ParityTest {
  private static final double TOLERANCE = 1e-5;
  private static final int N = 64;

  /**
   * Reads observations, and answers by ONNX Runtime on the bundle's graph and by a remote policy.
   */
  private static final String PYTHON =
      """
      import io, json, sys, zipfile
      import gymbridge, numpy as np, onnxruntime
      folder, address = sys.argv[1:]
      observations = np.array(json.load(open(folder + "/observations.json"))).reshape(-1, 17)
      graph = zipfile.ZipFile(folder + "/policy.zip").read("policy.onnx")
      onnx = onnxruntime.InferenceSession(graph).run(["actions"], {"observations": observations})[0]
      with gymbridge.RemotePolicy(address, "policy") as policy:
          remote, _ = policy.predict(observations, deterministic=True)
      bundle, _ = gymbridge.BundlePolicy(folder + "/policy.zip").predict(observations, deterministic=True)
      ways = {"onnx": onnx, "remote": remote, "bundle": bundle}
      json.dump({way: actions.ravel().tolist() for way, actions in ways.items()}, open(folder + "/python.json", "w"))
      """;

  @TempDir Path folder = Path.of("");

  @Test
  void actions_agree_in_dl4j_onnx_python_and_over_the_wire() throws Exception {
    Box observationSpace =
        Box.of(DType.FLOAT64, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 17);
    Box actionSpace = Box.of(DType.FLOAT32, -1, 1, 6);
    SplittableRandom random = new SplittableRandom(1);
    double[] seen = random.doubles(N * 17).map(u -> 6 * u - 2).toArray();
    double[] done = random.doubles(N * 6).map(u -> 2 * u - 1).toArray();
    NdArray observations = NdArray.of(seen, N, 17);
    PolicyNetwork network =
        new BehavioralCloning(BehavioralCloning.Config.defaults().withSteps(300))
            .train(
                new Transitions(
                    observationSpace,
                    actionSpace,
                    observations,
                    NdArray.ofDoubles(DType.FLOAT32, done, N, 6),
                    observations,
                    new boolean[N],
                    new int[N]));
    PolicyBundle bundle =
        network.toBundle("policy", "BehavioralCloning", "Test-v0", Map.of(), observations);
    bundle.write(folder.resolve("policy.zip"));
    double[] dl4j = network.decide(observations).toDoubles();

    try (OnnxPolicy onnx = PolicyBundle.read(folder.resolve("policy.zip")).policy(0)) {
      assertArrayEquals(
          dl4j, onnx.act(observations, true).toDoubles(), TOLERANCE, "ONNX Runtime in Java");
    }
    try (Repository policies = Repository.open(folder, PublishGate.OPEN);
        PolicyServer server =
            PolicyServer.start("127.0.0.1:0", policies, PolicyServerOptions.DEFAULTS);
        RemotePolicy remote = RemotePolicy.connect(server.address() + "/policy")) {
      assertArrayEquals(
          dl4j,
          remote.act(observations, true).array().toDoubles(),
          TOLERANCE,
          "RemotePolicy in Java");
      assertArrayEquals(
          dl4j, infer(server.address(), observations), TOLERANCE, "Open Inference Protocol");
      Files.writeString(folder.resolve("observations.json"), Outputs.JSON.writeValueAsString(seen));
      Process python =
          new ProcessBuilder(
                  PythonServers.interpreter(), "-c", PYTHON, folder.toString(), server.address())
              .inheritIO()
              .start();
      assertEquals(0, python.waitFor());
    }
    JsonNode answers = Outputs.JSON.readTree(folder.resolve("python.json").toFile());
    for (String way : new String[] {"onnx", "remote", "bundle"}) {
      double[] actions = Outputs.JSON.convertValue(answers.get(way), double[].class);
      assertArrayEquals(dl4j, actions, TOLERANCE, way + " in Python");
    }
  }

  /** The actions by the Open Inference Protocol. */
  private static double[] infer(String address, NdArray observations) {
    ManagedChannel channel = Channels.open(Address.parse(address));
    try {
      ModelInferResponse answer =
          GRPCInferenceServiceGrpc.newBlockingStub(channel)
              .modelInfer(
                  ModelInferRequest.newBuilder()
                      .setModelName("policy")
                      .addInputs(
                          ModelInferRequest.InferInputTensor.newBuilder()
                              .setName("observations")
                              .setDatatype("FP64")
                              .addShape(N)
                              .addShape(17))
                      .addRawInputContents(ByteString.copyFrom(observations.data()))
                      .addOutputs(
                          ModelInferRequest.InferRequestedOutputTensor.newBuilder()
                              .setName("actions"))
                      .build());
      ByteBuffer actions = answer.getRawOutputContents(0).asReadOnlyByteBuffer();
      return NdArray.wrap(DType.FLOAT32, actions, N, 6).toDoubles();
    } finally {
      channel.shutdownNow();
    }
  }
}
