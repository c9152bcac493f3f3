package io.gymbridge.learners;

import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.PolicyBundle;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * A policy as a multilayer perceptron on DL4J: observations normalised, hidden layers, and a
 * Gaussian (Box actions) or categorical (Discrete, MultiDiscrete) head.
 *
 * <p>Observations may be a Box of any shape and type, which is flattened, or Discrete, which is
 * one-hot.
 *
 * <p>Not thread-safe. To act in parallel, or fast, make an {@code OnnxPolicy} of {@link #toOnnx}.
 */
public final class PolicyNetwork {
  private final Architecture architecture;
  private final ObservationEncoder encoder;
  private final ActionHead head;
  private final MultiLayerNetwork network;

  /** What is applied after each hidden layer. */
  public enum HiddenActivation {
    TANH(Activation.TANH, WeightInit.XAVIER),
    RELU(Activation.RELU, WeightInit.RELU);

    private final Activation activation;
    private final WeightInit init;

    HiddenActivation(Activation activation, WeightInit init) {
      this.activation = activation;
      this.init = init;
    }
  }

  /**
   * Sizes and activation.
   *
   * @param hidden units of the hidden layers, the one next to the observations first
   * @param activation after each of them
   */
  public record Architecture(List<Integer> hidden, HiddenActivation activation) {
    public Architecture {
      hidden = List.copyOf(hidden);
      if (hidden.isEmpty() || hidden.stream().anyMatch(units -> units < 1)) {
        throw new IllegalArgumentException("hidden layers want at least one unit, got " + hidden);
      }
    }

    /** Two hidden layers of 64, tanh: what PPO's and GAIL's policies commonly have. */
    public static Architecture defaults() {
      return new Architecture(List.of(64, 64), HiddenActivation.TANH);
    }
  }

  private PolicyNetwork(
      Architecture architecture,
      ObservationEncoder encoder,
      ActionHead head,
      MultiLayerNetwork network) {
    this.architecture = architecture;
    this.encoder = encoder;
    this.head = head;
    this.network = network;
  }

  /**
   * A network with random weights.
   *
   * @param observationSpace Box or Discrete
   * @param actionSpace Box of floats, Discrete or MultiDiscrete
   * @param seed of the weights: the same seed, the same bits
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT for other spaces
   */
  public static PolicyNetwork create(
      Space observationSpace, Space actionSpace, Architecture architecture, long seed) {
    return create(observationSpace, actionSpace, architecture, seed, DataType.FLOAT);
  }

  /** With weights of another type: DOUBLE lets tests compare gradients with differences. */
  static PolicyNetwork create(
      Space observationSpace,
      Space actionSpace,
      Architecture architecture,
      long seed,
      DataType type) {
    ObservationEncoder encoder = new ObservationEncoder(observationSpace);
    ActionHead head = ActionHead.of(actionSpace);
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            // DL4J takes a seed of 0 for none at all.
            .seed(new SplittableRandom(seed).nextLong() | 1)
            .dataType(type)
            .updater(new NoOp())
            .weightInit(architecture.activation().init)
            .activation(architecture.activation().activation)
            .list();
    int inputs = encoder.width();
    for (int units : architecture.hidden()) {
      layers.layer(new DenseLayer.Builder().nIn(inputs).nOut(units).build());
      inputs = units;
    }
    MultiLayerConfiguration configuration =
        layers
            .layer(
                new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
                    .nIn(inputs)
                    .nOut(head.outputs())
                    .weightInit(WeightInit.XAVIER)
                    .activation(Activation.IDENTITY)
                    .build())
            .build();
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return new PolicyNetwork(architecture, encoder, head, network);
  }

  public Space observationSpace() {
    return encoder.space();
  }

  /** Of a single action. */
  public Space actionSpace() {
    return head instanceof GaussianHead gaussian
        ? gaussian.space()
        : ((CategoricalHead) head).space();
  }

  public Architecture architecture() {
    return architecture;
  }

  /** Number of weights and biases. */
  public long parameters() {
    return network.numParams();
  }

  ObservationEncoder encoder() {
    return encoder;
  }

  ActionHead head() {
    return head;
  }

  MultiLayerNetwork network() {
    return network;
  }

  /** Means or logits, n rows, for n rows of normalised inputs. */
  float[] outputs(float[] normalised, int n) {
    INDArray input = Nd4j.createFromArray(normalised).reshape('c', n, encoder.width());
    INDArray output = network.output(input.castTo(network.params().dataType()), false);
    return output.dup('c').reshape('c', new long[] {(long) n * head.outputs()}).toFloatVector();
  }

  /** Means or logits, n rows, for a batch of n observations. */
  float[] outputs(Value observations) {
    int n = observations.batchSize();
    return outputs(encoder.normalise(encoder.encode(observations), n), n);
  }

  /** The mean or most likely actions for a batch of observations, computed by DL4J. */
  public NdArray decide(Value observations) {
    return head.decide(outputs(observations), observations.batchSize());
  }

  /**
   * The policy as an ONNX model, normalisation and clipping included: input {@code observations} in
   * the type and shape of the space, (N, …); outputs {@code actions} likewise, and float32 {@code
   * mean} and {@code log_std} (N, components) in the units of the actions, or {@code logits} (N, Σ
   * choices).
   */
  public byte[] toOnnx() {
    return OnnxWriter.write(this);
  }

  /**
   * The policy as it stands, to act with: a copy, by ONNX Runtime.
   *
   * @param seed of the generator for stochastic actions
   */
  public OnnxPolicy toPolicy(long seed) {
    return new OnnxPolicy(toOnnx(), observationSpace(), actionSpace(), seed);
  }

  /**
   * Changes the normalisation to new statistics and the first layer with it, so that the policy
   * stays the same function (but for observations beyond the clip).
   */
  void renormalise(double[] mean, double[] std) {
    double[] oldMean = encoder.mean();
    double[] oldStd = encoder.std();
    INDArray weights = network.getParam("0_W");
    INDArray biases = network.getParam("0_b");
    for (int unit = 0; unit < weights.columns(); unit++) {
      double shift = 0;
      for (int i = 0; i < weights.rows(); i++) {
        double weight = weights.getDouble(i, unit);
        shift += weight * (mean[i] - oldMean[i]) / oldStd[i];
        weights.putScalar(i, unit, weight * std[i] / oldStd[i]);
      }
      biases.putScalar(unit, biases.getDouble(unit) + shift);
    }
    encoder.setNormalisation(mean, std);
  }

  /**
   * The policy as a bundle, which anything can serve and which can be trained further.
   *
   * @param name for people
   * @param algorithm that trained it
   * @param environment Gymnasium's id of what it was trained on
   * @param provenance hyperparameters, seeds, data: whatever JSON can hold
   * @param observations real ones, at least 8: up to 16 of them become the golden examples
   * @throws io.gymbridge.core.GymException INTERNAL if the ONNX graph does not agree with DL4J to
   *     1e-5
   */
  public PolicyBundle toBundle(
      String name,
      String algorithm,
      String environment,
      Map<String, Object> provenance,
      Value observations) {
    return BundleExport.toBundle(this, name, algorithm, environment, provenance, observations);
  }

  /**
   * The network of a bundle that {@link #toBundle} made, to train it further.
   *
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT if it holds none, or one that does not
   *     agree with its own ONNX graph
   */
  public static PolicyNetwork fromBundle(PolicyBundle bundle) {
    return BundleExport.fromBundle(bundle);
  }

  /** In a word or two, for messages: {@code 17-64-64-6 tanh}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder().append(encoder.width());
    architecture.hidden().forEach(units -> text.append('-').append(units));
    return text.append('-')
        .append(head.outputs())
        .append(' ')
        .append(architecture.activation().name().toLowerCase(Locale.ROOT))
        .toString();
  }
}
