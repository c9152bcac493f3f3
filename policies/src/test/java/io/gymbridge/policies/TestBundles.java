package io.gymbridge.policies;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Bundles for tests. */
public final class TestBundles {
  /** Of {@link #times}: two numbers. */
  public static final Space PAIR = Box.of(DType.FLOAT32, -99, 99, 2);

  private TestBundles() {}

  /** A deterministic policy whose actions are its observations times a factor. */
  public static PolicyBundle times(float factor) {
    byte[] onnx =
        TinyOnnx.model(
            TinyOnnx.join(
                TinyOnnx.node("Mul", "observations", "factor", "actions"),
                TinyOnnx.scalar("factor", factor),
                TinyOnnx.declared(11, "observations", TinyOnnx.FLOAT, 0, 2),
                TinyOnnx.declared(12, "actions", TinyOnnx.FLOAT, 0, 2)));
    float[] seen = new float[16];
    float[] done = new float[16];
    for (int i = 0; i < seen.length; i++) {
      seen[i] = 0.1f * i;
      done[i] = seen[i] * factor;
    }
    return new PolicyBundle(
        new BundleManifest(
            "times",
            "none",
            "Times-v0",
            PAIR,
            PAIR,
            false,
            Map.of(),
            Map.of("factor", factor),
            NdArray.of(seen, 8, 2),
            NdArray.of(done, 8, 2)),
        onnx,
        null);
  }

  /** Four numbers are the logits of four choices, unless a mask says otherwise. */
  public static PolicyBundle choices() {
    byte[] onnx =
        TinyOnnx.model(
            TinyOnnx.join(
                TinyOnnx.operator(
                    "ArgMax",
                    List.of("observations"),
                    List.of("actions"),
                    TinyOnnx.integer("axis", 1),
                    TinyOnnx.integer("keepdims", 0)),
                TinyOnnx.node("Mul", "observations", "one", "logits"),
                TinyOnnx.scalar("one", 1),
                TinyOnnx.declared(11, "observations", TinyOnnx.FLOAT, 0, 4),
                TinyOnnx.declared(12, "actions", TinyOnnx.INT64, 0),
                TinyOnnx.declared(12, "logits", TinyOnnx.FLOAT, 0, 4)));
    float[] seen = new float[32];
    long[] done = new long[8];
    for (int i = 0; i < 8; i++) {
      seen[4 * i + i % 4] = 1;
      done[i] = i % 4;
    }
    return new PolicyBundle(
        new BundleManifest(
            "choices",
            "none",
            "Choices-v0",
            Box.of(DType.FLOAT32, -9, 9, 4),
            new Discrete(4),
            true,
            Map.of(),
            Map.of(),
            NdArray.of(seen, 8, 4),
            NdArray.of(done, 8)),
        onnx,
        null);
  }

  /**
   * An LSTM of other people's making, with states as PyTorch has them; its steps are in lstm.json.
   */
  public static PolicyBundle recurrent() throws IOException {
    Path graph =
        Path.of(System.getProperty("gymbridge.root", ".."), "testdata", "onnx", "lstm.onnx");
    return new OnnxImport(
            Box.of(DType.FLOAT32, -9, 9, 3),
            Box.of(DType.FLOAT32, -20, 20, 2),
            Map.of(),
            Map.of(Role.ACTIONS, "mu", Role.VALUE, "v"),
            Map.of("h", "h_next", "c", "c_next"),
            null,
            null,
            false)
        .bundle(Files.readAllBytes(graph), "lstm", "", null, 0);
  }

  /** A stochastic policy of two hidden tanh layers, as large as MuJoCo's usually are. */
  public static PolicyBundle network(int inputs, int hidden, int outputs) {
    Space observations = Box.of(DType.FLOAT32, -9, 9, inputs);
    Space actions = Box.of(DType.FLOAT32, -1, 1, outputs);
    byte[] onnx = TinyOnnx.network(inputs, hidden, outputs);
    SplittableRandom random = new SplittableRandom(1);
    float[] seen = new float[16 * inputs];
    for (int i = 0; i < seen.length; i++) {
      seen[i] = (float) random.nextDouble(-1, 1);
    }
    NdArray golden = NdArray.of(seen, 16, inputs);
    try (OnnxPolicy policy = new OnnxPolicy(onnx, observations, actions, 0)) {
      return new PolicyBundle(
          new BundleManifest(
              "network",
              "none",
              "Network-v0",
              observations,
              actions,
              true,
              Map.of(),
              Map.of(),
              golden,
              policy.run(golden, "actions")),
          onnx,
          null);
    }
  }

  /** A stochastic policy of one layer that chooses. */
  public static PolicyBundle choosing(int inputs, int choices) {
    SplittableRandom random = new SplittableRandom(choices);
    return choosing(
        inputs,
        choices,
        TinyOnnx.operator("Gemm", List.of("observations", "w", "b"), List.of("logits")),
        TinyOnnx.tensor("w", random, inputs, choices),
        TinyOnnx.tensor("b", random, choices));
  }

  /** One that chooses among three for two numbers, and gives NaN where the first is above 4. */
  public static PolicyBundle choosingUpTo4() {
    return choosing(
        2,
        3,
        TinyOnnx.operator("Gemm", List.of("observations", "w", "b"), List.of("left")),
        TinyOnnx.operator("Log", List.of("left"), List.of("logits")),
        TinyOnnx.tensor("w", new double[] {-1, -1, -1, 0, 0, 0}, 2, 3),
        TinyOnnx.tensor("b", new double[] {4.5, 4.5, 4.5}, 3));
  }

  private static PolicyBundle choosing(int inputs, int choices, byte[]... logits) {
    Space observations =
        Box.of(DType.FLOAT32, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, inputs);
    byte[] onnx =
        TinyOnnx.model(
            TinyOnnx.join(
                TinyOnnx.join(logits),
                TinyOnnx.operator(
                    "ArgMax",
                    List.of("logits"),
                    List.of("actions"),
                    TinyOnnx.integer("axis", 1),
                    TinyOnnx.integer("keepdims", 0)),
                TinyOnnx.declared(11, "observations", TinyOnnx.FLOAT, 0, inputs),
                TinyOnnx.declared(12, "actions", TinyOnnx.INT64, 0),
                TinyOnnx.declared(12, "logits", TinyOnnx.FLOAT, 0, choices)));
    SplittableRandom random = new SplittableRandom(1);
    NdArray golden =
        NdArray.ofDoubles(DType.FLOAT32, random.doubles(16L * inputs, -1, 1).toArray(), 16, inputs);
    try (OnnxPolicy policy = new OnnxPolicy(onnx, observations, new Discrete(choices), 0)) {
      return new PolicyBundle(
          new BundleManifest(
              "choosing",
              "none",
              "Choosing-v0",
              observations,
              new Discrete(choices),
              true,
              Map.of(),
              Map.of(),
              golden,
              policy.run(golden, "actions")),
          onnx,
          null);
    }
  }
}
