package io.gymbridge.learners;

import io.gymbridge.learners.nn.Activation;
import io.gymbridge.learners.nn.Mlp;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Our networks as DL4J's, and back. Both lay their parameters out alike. */
final class Dl4j {
  private Dl4j() {}

  /** A network of DL4J's that computes the same; its parameters are a copy. */
  static MultiLayerNetwork network(Mlp mlp) {
    Mlp.Shape shape = mlp.shape();
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            // Nothing is drawn; the default is the time of day, and would be written out.
            .seed(0)
            .updater(new NoOp())
            .activation(
                shape.activation() == Activation.TANH
                    ? org.nd4j.linalg.activations.Activation.TANH
                    : org.nd4j.linalg.activations.Activation.RELU)
            .list();
    int inputs = shape.inputs();
    for (int units : shape.hidden()) {
      layers.layer(new DenseLayer.Builder().nIn(inputs).nOut(units).build());
      inputs = units;
    }
    layers.layer(
        new OutputLayer.Builder(LossFunctions.LossFunction.MSE)
            .nIn(inputs)
            .nOut(shape.outputs())
            .activation(org.nd4j.linalg.activations.Activation.IDENTITY)
            .build());
    MultiLayerNetwork network = new MultiLayerNetwork(layers.build());
    float[] parameters =
        Arrays.copyOfRange(mlp.parameters(), mlp.offset(), mlp.offset() + shape.parameters());
    network.init(Nd4j.createFromArray(parameters).reshape(1, parameters.length), false);
    return network;
  }

  /**
   * Takes the parameters of a network of DL4J's over.
   *
   * @throws IllegalArgumentException if it has another number of them
   */
  static void copy(MultiLayerNetwork from, Mlp to) {
    if (from.numParams() != to.shape().parameters()) {
      throw new IllegalArgumentException(
          "the network has %d parameters, expected %d"
              .formatted(from.numParams(), to.shape().parameters()));
    }
    float[] parameters = from.params().dup().data().asFloat();
    System.arraycopy(parameters, 0, to.parameters(), to.offset(), parameters.length);
  }
}
