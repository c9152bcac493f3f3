package io.gymbridge.learners;

import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.learners.nn.Activation;
import io.gymbridge.learners.nn.Mlp;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.PolicyBundle;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/**
 * A policy as a multilayer perceptron: observations normalised, hidden layers, and a Gaussian (Box
 * actions) or categorical (Discrete, MultiDiscrete) head.
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

  /** The network's parameters, and after them those of the head that no layer computes. */
  private final float[] parameters;

  private final Mlp mlp;
  private Mlp.Pass pass;

  /**
   * Sizes and activation.
   *
   * @param hidden units of the hidden layers, the one next to the observations first
   * @param activation after each of them
   */
  public record Architecture(List<Integer> hidden, Activation activation) {
    public Architecture {
      hidden = List.copyOf(hidden);
      if (hidden.isEmpty() || hidden.stream().anyMatch(units -> units < 1)) {
        throw new IllegalArgumentException("hidden layers want at least one unit, got " + hidden);
      }
    }

    /** Two hidden layers of 64, tanh: what PPO's and GAIL's policies commonly have. */
    public static Architecture defaults() {
      return new Architecture(List.of(64, 64), Activation.TANH);
    }
  }

  private PolicyNetwork(Architecture architecture, ObservationEncoder encoder, ActionHead head) {
    this.architecture = architecture;
    this.encoder = encoder;
    this.head = head;
    Mlp.Shape shape =
        new Mlp.Shape(
            encoder.width(), architecture.hidden(), head.outputs(), architecture.activation());
    this.parameters = new float[shape.parameters() + head.distribution().shared()];
    this.mlp = new Mlp(shape, parameters, 0);
    this.pass = mlp.pass(1);
    head.bind(parameters, shape.parameters());
  }

  /**
   * A network with random weights, and 0.01 times as large ones in the last layer, so that it
   * begins with actions near the middle of their ranges whatever it sees.
   *
   * @param observationSpace Box or Discrete
   * @param actionSpace Box of floats, Discrete or MultiDiscrete
   * @param seed of the weights: the same seed, the same bits
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT for other spaces
   */
  public static PolicyNetwork create(
      Space observationSpace, Space actionSpace, Architecture architecture, long seed) {
    PolicyNetwork network =
        new PolicyNetwork(
            architecture, new ObservationEncoder(observationSpace), ActionHead.of(actionSpace));
    network.mlp.initialise(new SplittableRandom(seed), Math.sqrt(2), 0.01);
    return network;
  }

  public Space observationSpace() {
    return encoder.space();
  }

  /** Of a single action. */
  public Space actionSpace() {
    return head.space();
  }

  public Architecture architecture() {
    return architecture;
  }

  /** Number of weights and biases. */
  public long parameters() {
    return mlp.shape().parameters();
  }

  ObservationEncoder encoder() {
    return encoder;
  }

  ActionHead head() {
    return head;
  }

  Mlp mlp() {
    return mlp;
  }

  /**
   * All that training changes, but for the normalisation: the {@link #mlp}'s parameters, then those
   * that its distribution shares between all states. The array itself.
   */
  float[] trained() {
    return parameters;
  }

  /** A copy of what the distribution shares between all states. */
  float[] shared() {
    return Arrays.copyOfRange(parameters, mlp.shape().parameters(), parameters.length);
  }

  /** Means or logits, n rows, for n rows of normalised inputs; valid until the next call. */
  float[] outputs(float[] normalised, int n) {
    if (pass.capacity() < n) {
      pass = mlp.pass(n);
    }
    System.arraycopy(normalised, 0, pass.input(), 0, n * encoder.width());
    pass.forward(n);
    return pass.output();
  }

  /** Means or logits, n rows, for a batch of n observations. */
  float[] outputs(Value observations) {
    int n = observations.batchSize();
    return outputs(encoder.normalise(encoder.encode(observations), n), n);
  }

  /** The mean or most likely actions for a batch of observations. */
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
    int inputs = encoder.width();
    int units = architecture.hidden().get(0);
    for (int unit = 0; unit < units; unit++) {
      double shift = 0;
      for (int i = 0; i < inputs; i++) {
        int at = unit * inputs + i;
        shift += parameters[at] * (mean[i] - oldMean[i]) / oldStd[i];
        parameters[at] *= (float) (std[i] / oldStd[i]);
      }
      parameters[units * inputs + unit] += (float) shift;
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
   * @throws io.gymbridge.core.GymException INTERNAL if the ONNX graph does not agree with the
   *     network to 1e-5
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

  /**
   * Takes the parameters and the normalisation of another network over.
   *
   * @throws GymException INVALID_ARGUMENT if it has other spaces, sizes or activations
   */
  void copyFrom(PolicyNetwork other) {
    if (!other.mlp.shape().equals(mlp.shape())
        || !other.observationSpace().equals(observationSpace())
        || !other.actionSpace().equals(actionSpace())) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the policy to start from is %s, from %s to %s; expected %s, from %s to %s: set hidden and activation as it has them"
              .formatted(
                  other,
                  other.observationSpace(),
                  other.actionSpace(),
                  this,
                  observationSpace(),
                  actionSpace()));
    }
    System.arraycopy(other.parameters, 0, parameters, 0, parameters.length);
    encoder.setNormalisation(other.encoder.mean(), other.encoder.std());
    if (head instanceof GaussianHead mine && other.head instanceof GaussianHead theirs) {
      mine.restore(theirs.center(), theirs.scale(), theirs.variance());
    }
  }

  /** Saves or restores the parameters and the normalisation. */
  void exchange(EnvState saved) {
    saved.floats(parameters);
    encoder.exchange(saved);
  }

  /** A copy as a network of DL4J's, its output layer without a loss of its own. */
  MultiLayerNetwork toDl4j() {
    return Dl4j.network(mlp);
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
