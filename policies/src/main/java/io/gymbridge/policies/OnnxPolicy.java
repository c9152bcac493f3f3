package io.gymbridge.policies;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A policy computed by ONNX Runtime, on one thread per call.
 *
 * <p>The graph takes {@code observations} and gives {@code actions}, in the types and shapes of the
 * spaces with the batch first. A graph that also gives {@code mean} and {@code log_std} (float32,
 * (N, components), in the units of the actions) or {@code logits} (float32, (N, Σ choices)) can be
 * sampled; another answers the same action always.
 *
 * <p>Thread-safe: any number of threads may act at the same time, until it is closed.
 */
public final class OnnxPolicy implements Policy {
  private static final String INPUT = "observations";
  private static final String ACTIONS = "actions";

  private final Space observationSpace;
  private final Space actionSpace;
  private final DType observationType;
  private final int[] observationShape;
  private final OrtSession session;
  private final Set<String> outputs;
  private final long seed;
  private final AtomicLong calls = new AtomicLong();
  private volatile boolean closed;

  /**
   * Loads a graph from memory, so that it cannot refer to files.
   *
   * @param onnx the model, checked as {@link OnnxCheck} does
   * @param seed of the samples; the k-th call of {@link #act} draws the same numbers for the same
   *     seed
   * @throws GymException INVALID_ARGUMENT if it is no model, or not one for these spaces
   */
  public OnnxPolicy(byte[] onnx, Space observationSpace, Space actionSpace, long seed) {
    OnnxCheck.check(onnx);
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.observationType = dtype(observationSpace);
    this.observationShape = shape(observationSpace);
    this.seed = seed;
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      // Denormals cost a hundred times as much and mean nothing here.
      options.addConfigEntry("session.set_denormal_as_zero", "1");
      this.session = OnnxRuntime.environment().createSession(onnx, options);
      this.outputs = Set.copyOf(session.getOutputNames());
    } catch (OrtException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "not a model that can be run: " + e.getMessage(), null, e);
    }
    try {
      checkTensor(session.getInputInfo(), INPUT, observationSpace);
      checkTensor(session.getOutputInfo(), ACTIONS, actionSpace);
    } catch (OrtException | GymException e) {
      close();
      throw e instanceof GymException wrong
          ? wrong
          : new GymException(Kind.INVALID_ARGUMENT, "cannot read the model's signature", null, e);
    }
  }

  private static void checkTensor(Map<String, NodeInfo> nodes, String name, Space space) {
    NodeInfo node = nodes.get(name);
    boolean fits = false;
    if (node != null && node.getInfo() instanceof TensorInfo tensor) {
      long[] dimensions = tensor.getShape();
      int[] expected = shape(space);
      fits = tensor.type == onnxType(dtype(space)) && dimensions.length == expected.length + 1;
      for (int i = 0; fits && i < expected.length; i++) {
        fits = dimensions[i + 1] == expected[i] || dimensions[i + 1] == -1;
      }
    }
    if (!fits) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the model has %s, expected \"%s\" for a batch from %s"
              .formatted(node == null ? nodes.keySet() : node, name, space));
    }
  }

  @Override
  public Space observationSpace() {
    return observationSpace;
  }

  @Override
  public Space actionSpace() {
    return actionSpace;
  }

  /** Whether the graph gives a distribution that can be sampled. */
  public boolean stochastic() {
    return outputs.contains("logits") || outputs.containsAll(Set.of("mean", "log_std"));
  }

  @Override
  public NdArray act(Value observations, boolean deterministic) {
    return deterministic || !stochastic()
        ? run(observations, ACTIONS)
        : sample(observations, seed, calls.getAndIncrement());
  }

  /**
   * Actions drawn from the policy's distribution with a generator of the caller's choice: the same
   * (seed, step) and observations give the same actions, whatever was asked before.
   *
   * @throws GymException as {@link #act}; FAILED_PRECONDITION if the graph gives no distribution
   */
  public NdArray sample(Value observations, long sampleSeed, long step) {
    if (!stochastic()) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, "this policy is deterministic: it cannot be sampled");
    }
    SplittableRandom random =
        new SplittableRandom(
            new SplittableRandom(sampleSeed).nextLong() + 0x9E3779B97F4A7C15L * step);
    if (outputs.contains("logits")) {
      return ActionSampler.categorical(
          actionSpace, run(observations, "logits"), observations.batchSize(), random);
    }
    Map<String, NdArray> gaussian = runAll(observations, Set.of("mean", "log_std"));
    return ActionSampler.gaussian(
        actionSpace, get(gaussian, "mean"), get(gaussian, "log_std"), random);
  }

  /**
   * One of the graph's outputs for a batch of observations.
   *
   * @param output {@code actions}, {@code mean}, {@code log_std} or {@code logits}
   * @throws GymException INVALID_ARGUMENT if the observations do not fit, or give NaN; NOT_FOUND if
   *     there is no such output
   */
  public NdArray run(Value observations, String output) {
    if (!outputs.contains(output)) {
      throw new GymException(
          Kind.NOT_FOUND, "the model has no output \"%s\": it has %s".formatted(output, outputs));
    }
    return get(runAll(observations, Set.of(output)), output);
  }

  private static NdArray get(Map<String, NdArray> results, String name) {
    return java.util.Objects.requireNonNull(results.get(name));
  }

  private Map<String, NdArray> runAll(Value observations, Set<String> wanted) {
    if (closed) {
      throw new GymException(Kind.FAILED_PRECONDITION, "the policy is closed");
    }
    NdArray batch = checked(observations);
    int n = batch.batchSize();
    ByteBuffer data =
        ByteBuffer.allocateDirect(batch.size() * observationType.bytes())
            .order(ByteOrder.nativeOrder());
    data.put(batch.data()).flip();
    long[] shape = new long[observationShape.length + 1];
    shape[0] = n;
    for (int i = 0; i < observationShape.length; i++) {
      shape[i + 1] = observationShape[i];
    }
    OrtEnvironment environment = OnnxRuntime.environment();
    try (OnnxTensor input =
            OnnxTensor.createTensor(environment, data, shape, onnxType(observationType));
        OrtSession.Result result = session.run(Map.of(INPUT, input), wanted)) {
      Map<String, NdArray> arrays = new java.util.HashMap<>();
      for (String name : wanted) {
        OnnxTensor tensor = (OnnxTensor) result.get(name).orElseThrow();
        arrays.put(name, toArray(name, tensor, n));
      }
      return arrays;
    } catch (OrtException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the model failed on these observations: " + e.getMessage(),
          null,
          e);
    }
  }

  /** The batch, if it is of the space's type and shape. */
  private NdArray checked(Value observations) {
    if (observations instanceof NdArray batch
        && batch.dtype() == observationType
        && batch.shape().length == observationShape.length + 1
        && java.util.Arrays.equals(
            java.util.Arrays.copyOfRange(batch.shape(), 1, batch.shape().length),
            observationShape)) {
      return batch;
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        "got observations %s, expected a batch from %s".formatted(observations, observationSpace));
  }

  private NdArray toArray(String name, OnnxTensor tensor, int n) {
    TensorInfo info = tensor.getInfo();
    long[] dimensions = info.getShape();
    int[] shape = new int[dimensions.length];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = Math.toIntExact(dimensions[i]);
    }
    DType dtype = name.equals(ACTIONS) ? dtype(actionSpace) : DType.FLOAT32;
    if (shape.length == 0 || shape[0] != n || info.type != onnxType(dtype)) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "the model gave %s for \"%s\"".formatted(info, name));
    }
    ByteBuffer data = tensor.getByteBuffer();
    NdArray array = NdArray.wrap(dtype, data, shape);
    for (int i = 0; dtype.isFloating() && i < array.size(); i++) {
      if (Double.isNaN(array.getDouble(i))) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "\"%s\" of row %d is NaN: is there a NaN in the observations?"
                .formatted(name, i / (array.size() / n)));
      }
    }
    return array;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        session.close();
      } catch (OrtException e) {
        throw new GymException(Kind.INTERNAL, "cannot close the session", null, e);
      }
    }
  }

  private static DType dtype(Space space) {
    if (space instanceof Box box) {
      return box.dtype();
    }
    if (space instanceof Discrete discrete) {
      return discrete.dtype();
    }
    if (space instanceof MultiDiscrete multiDiscrete) {
      return multiDiscrete.dtype();
    }
    if (space instanceof MultiBinary) {
      return DType.INT8;
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT, "an ONNX policy wants spaces of plain arrays, got " + space);
  }

  private static int[] shape(Space space) {
    if (space instanceof Box box) {
      return box.shape();
    }
    if (space instanceof MultiDiscrete multiDiscrete) {
      return multiDiscrete.shape();
    }
    if (space instanceof MultiBinary multiBinary) {
      return multiBinary.dimensions();
    }
    return new int[0];
  }

  private static OnnxJavaType onnxType(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> OnnxJavaType.FLOAT;
      case FLOAT64 -> OnnxJavaType.DOUBLE;
      case FLOAT16 -> OnnxJavaType.FLOAT16;
      case BOOL -> OnnxJavaType.BOOL;
      case INT8 -> OnnxJavaType.INT8;
      case UINT8 -> OnnxJavaType.UINT8;
      case INT16 -> OnnxJavaType.INT16;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case UINT16, UINT32, UINT64 ->
          throw new GymException(
              Kind.INVALID_ARGUMENT,
              "ONNX Runtime for Java has no tensors of " + dtype.numpyName());
    };
  }
}
