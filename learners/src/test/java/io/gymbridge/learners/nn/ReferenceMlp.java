package io.gymbridge.learners.nn;

/** A multilayer perceptron in double precision, written for nothing but to be plain. */
final class ReferenceMlp {
  private ReferenceMlp() {}

  /** One row of outputs. */
  static double[] forward(Mlp.Shape shape, double[] parameters, double[] input) {
    double[] values = input;
    int at = 0;
    int layers = shape.hidden().size() + 1;
    for (int layer = 0; layer < layers; layer++) {
      int units = layer < layers - 1 ? shape.hidden().get(layer) : shape.outputs();
      double[] next = new double[units];
      int biases = at + values.length * units;
      for (int unit = 0; unit < units; unit++) {
        next[unit] = parameters[biases + unit];
        for (int i = 0; i < values.length; i++) {
          next[unit] += parameters[at + unit * values.length + i] * values[i];
        }
        if (layer < layers - 1) {
          next[unit] =
              shape.activation() == Activation.TANH
                  ? Math.tanh(next[unit])
                  : Math.max(0, next[unit]);
        }
      }
      at = biases + units;
      values = next;
    }
    return values;
  }
}
