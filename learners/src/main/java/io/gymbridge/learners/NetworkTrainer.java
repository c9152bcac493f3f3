package io.gymbridge.learners;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Gradient steps on a {@link PolicyNetwork}, written directly on ND4J over the network's own flat
 * parameter vector.
 *
 * <p>{@code MultiLayerNetwork.fit} allocates and dispatches for each minibatch; here every array is
 * allocated once for a fixed batch size, and only matrix products and tanh are native calls. The
 * optimiser is Adam (Kingma and Ba 2015, algorithm 1) with the weight decay decoupled, as in AdamW
 * (Loshchilov and Hutter 2019), on weights and not on biases.
 *
 * <p>Not thread-safe.
 */
final class NetworkTrainer {
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPSILON = 1e-8;

  private final PolicyNetwork policy;
  private final int batchSize;
  private final Matrix parameters;
  private final Matrix gradient;
  private final float[] firstMoment;
  private final float[] secondMoment;
  private final List<Layer> layers = new ArrayList<>();
  private final Matrix input;
  private int steps;

  /** One dense layer: views of its parameters and their gradients, and its arrays. */
  private record Layer(
      INDArray weights,
      INDArray weightGradient,
      int weightOffset,
      int biasOffset,
      Matrix output,
      Matrix outputGradient) {}

  NetworkTrainer(PolicyNetwork policy, int batchSize) {
    MultiLayerNetwork network = policy.network();
    DataType type = network.params().dataType();
    int size = Math.toIntExact(network.numParams());
    INDArray flatGradient = Nd4j.create(type, 1, size);
    this.policy = policy;
    this.batchSize = batchSize;
    this.parameters = Matrix.column(network.params());
    this.gradient = Matrix.column(flatGradient);
    this.firstMoment = new float[size];
    this.secondMoment = new float[size];
    this.input = new Matrix(type, batchSize, policy.encoder().width());
    int offset = 0;
    for (int index = 0; index < network.getnLayers(); index++) {
      // DL4J lays a layer out as its weights, column-major, and then its biases.
      INDArray weights = network.getParam(index + "_W");
      int inputs = weights.rows();
      int units = weights.columns();
      int biases = offset + inputs * units;
      INDArray weightGradient =
          flatGradient
              .get(NDArrayIndex.all(), NDArrayIndex.interval(offset, biases))
              .reshape('f', inputs, units);
      layers.add(
          new Layer(
              weights,
              weightGradient,
              offset,
              biases,
              new Matrix(type, batchSize, units),
              new Matrix(type, batchSize, units)));
      offset = biases + units;
    }
  }

  /** Rows in a minibatch. */
  int batchSize() {
    return batchSize;
  }

  /**
   * One minibatch.
   *
   * @param features normalised inputs, row-major
   * @param targets encoded actions, row-major
   * @param rows the minibatch is {@code rows[from]} … {@code rows[from + batchSize - 1]}
   * @return the mean loss before the step
   */
  double step(
      float[] features,
      float[] targets,
      int[] rows,
      int from,
      double learningRate,
      double weightDecay) {
    double loss = computeGradient(features, targets, rows, from);
    if (weightDecay > 0) {
      for (Layer layer : layers) {
        for (int i = layer.weightOffset(); i < layer.biasOffset(); i++) {
          parameters.putAt(i, parameters.at(i) * (1 - learningRate * weightDecay));
        }
      }
    }
    adam(learningRate);
    return loss;
  }

  private void adam(double learningRate) {
    steps++;
    double rate =
        learningRate * Math.sqrt(1 - Math.pow(BETA2, steps)) / (1 - Math.pow(BETA1, steps));
    double epsilon = EPSILON * Math.sqrt(1 - Math.pow(BETA2, steps));
    for (int i = 0; i < firstMoment.length; i++) {
      double slope = gradient.at(i);
      double first = BETA1 * firstMoment[i] + (1 - BETA1) * slope;
      double second = BETA2 * secondMoment[i] + (1 - BETA2) * slope * slope;
      firstMoment[i] = (float) first;
      secondMoment[i] = (float) second;
      parameters.putAt(i, parameters.at(i) - rate * first / (Math.sqrt(second) + epsilon));
    }
  }

  /** Forward and backward pass; leaves the gradient of the mean loss in {@link #gradient}. */
  double computeGradient(float[] features, float[] targets, int[] rows, int from) {
    int width = input.columns;
    for (int row = 0; row < batchSize; row++) {
      int start = rows[from + row] * width;
      for (int i = 0; i < width; i++) {
        input.put(row, i, features[start + i]);
      }
    }
    boolean tanh = policy.architecture().activation() == PolicyNetwork.HiddenActivation.TANH;
    int last = layers.size() - 1;
    Matrix previous = input;
    for (int index = 0; index <= last; index++) {
      Layer layer = layers.get(index);
      Matrix output = layer.output();
      Nd4j.gemm(previous.array, layer.weights(), output.array, false, false, 1, 0);
      output.addToColumns(parameters, layer.biasOffset());
      if (index < last && tanh) {
        Transforms.tanh(output.array, false);
      } else if (index < last) {
        output.rectify();
      }
      previous = output;
    }
    double loss =
        policy.head().loss(previous, targets, rows, from, layers.get(last).outputGradient());
    for (int index = last; index >= 0; index--) {
      Layer layer = layers.get(index);
      Matrix below = index == 0 ? input : layers.get(index - 1).output();
      Matrix delta = layer.outputGradient();
      Nd4j.gemm(below.array, delta.array, layer.weightGradient(), true, false, 1, 0);
      delta.sumColumns(gradient, layer.biasOffset());
      if (index > 0) {
        Matrix deltaBelow = layers.get(index - 1).outputGradient();
        Nd4j.gemm(delta.array, layer.weights(), deltaBelow.array, false, true, 1, 0);
        deltaBelow.multiplyByDerivative(below, tanh);
      }
    }
    return loss;
  }

  /** The parameters' gradient of the last {@link #computeGradient}, in the network's order. */
  double[] gradient() {
    double[] values = new double[gradient.rows];
    for (int i = 0; i < values.length; i++) {
      values[i] = gradient.at(i);
    }
    return values;
  }
}
