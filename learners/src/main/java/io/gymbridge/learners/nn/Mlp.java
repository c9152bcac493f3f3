package io.gymbridge.learners.nn;

import io.gymbridge.core.EnvState;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A multilayer perceptron: dense layers, one activation after each hidden one, none after the last.
 *
 * <p>All parameters lie in one array, layer after layer as in DL4J's flat vector: a layer's
 * weights, all of a unit's together, then its biases. The array may hold more, before and after.
 * What is computed for a batch is kept in a {@link Pass}; several passes of one network may be
 * alive at a time. Not thread-safe.
 */
public final class Mlp {

  /**
   * Sizes and activation.
   *
   * @param inputs numbers per row that go in, at least 1
   * @param hidden units of the hidden layers, the first next to the inputs; may be empty
   * @param outputs numbers per row that come out, at least 1
   * @param activation after each hidden layer
   */
  public record Shape(int inputs, List<Integer> hidden, int outputs, Activation activation) {
    public Shape {
      hidden = List.copyOf(hidden);
      if (inputs < 1 || outputs < 1 || hidden.stream().anyMatch(units -> units < 1)) {
        throw new IllegalArgumentException(
            "layers want at least one unit each, got %d, %s and %d"
                .formatted(inputs, hidden, outputs));
      }
    }

    /** Number of weights and biases. */
    public int parameters() {
      int count = 0;
      int before = inputs;
      for (int units : hidden) {
        count += (before + 1) * units;
        before = units;
      }
      return count + (before + 1) * outputs;
    }
  }

  /** One dense layer and where its parameters begin. */
  private record Layer(int inputs, int units, int weights, int biases) {}

  private final Shape shape;
  private final float[] parameters;
  private final int offset;
  private final Layer[] layers;
  private final Gemm gemm = new Gemm();

  /** A network whose parameters are all 0. */
  public Mlp(Shape shape) {
    this(shape, new float[shape.parameters()], 0);
  }

  /**
   * A network over parameters that somebody else holds.
   *
   * @param parameters of which this network's begin at {@code offset}; read whenever something is
   *     computed
   */
  public Mlp(Shape shape, float[] parameters, int offset) {
    if (offset < 0 || parameters.length - offset < shape.parameters()) {
      throw new IllegalArgumentException(
          "%s wants %d parameters, got %d from %d on"
              .formatted(shape, shape.parameters(), parameters.length, offset));
    }
    this.shape = shape;
    this.parameters = parameters;
    this.offset = offset;
    this.layers = new Layer[shape.hidden().size() + 1];
    int at = offset;
    int inputs = shape.inputs();
    for (int i = 0; i < layers.length; i++) {
      int units = i < layers.length - 1 ? shape.hidden().get(i) : shape.outputs();
      layers[i] = new Layer(inputs, units, at, at + inputs * units);
      at += (inputs + 1) * units;
      inputs = units;
    }
  }

  public Shape shape() {
    return shape;
  }

  /** The array that holds the parameters, itself. */
  public float[] parameters() {
    return parameters;
  }

  /** Where in the array they begin. */
  public int offset() {
    return offset;
  }

  /** Number of layers, the last one included. */
  public int layers() {
    return layers.length;
  }

  /** Numbers that go into a layer. */
  public int inputs(int layer) {
    return layers[layer].inputs();
  }

  /** Numbers that come out of a layer. */
  public int units(int layer) {
    return layers[layer].units();
  }

  /** A copy of a layer's weights, (inputs, units). */
  public float[] weights(int layer) {
    int inputs = inputs(layer);
    int units = units(layer);
    float[] weights = new float[inputs * units];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = parameters[layers[layer].weights() + i % units * inputs + i / units];
    }
    return weights;
  }

  /** A copy of a layer's biases. */
  public float[] biases(int layer) {
    int from = layers[layer].biases();
    return Arrays.copyOfRange(parameters, from, from + layers[layer].units());
  }

  /**
   * Orthogonal weights (Saxe et al. 2014) and biases of 0.
   *
   * @param hiddenGain factor for hidden layers; √2 is common
   * @param outputGain factor for the last one; 0.01 for policies and 1 for values are common
   */
  public void initialise(RandomGenerator random, double hiddenGain, double outputGain) {
    for (int i = 0; i < layers.length; i++) {
      Layer layer = layers[i];
      double gain = i < layers.length - 1 ? hiddenGain : outputGain;
      double[][] rows = Orthogonal.rows(layer.units(), layer.inputs(), random);
      for (int unit = 0; unit < layer.units(); unit++) {
        for (int input = 0; input < layer.inputs(); input++) {
          parameters[layer.weights() + unit * layer.inputs() + input] =
              (float) (gain * rows[unit][input]);
        }
      }
      Arrays.fill(parameters, layer.biases(), layer.biases() + layer.units(), 0);
    }
  }

  /**
   * Makes all weights smaller by a fraction, but not the biases: the decoupled weight decay of
   * AdamW (Loshchilov and Hutter 2019), where the fraction is learning rate times decay.
   */
  public void decay(double fraction) {
    if (fraction == 0) {
      return;
    }
    float kept = (float) (1 - fraction);
    for (Layer layer : layers) {
      for (int i = layer.weights(); i < layer.biases(); i++) {
        parameters[i] *= kept;
      }
    }
  }

  /** Estimates of the layers' largest singular values, none yet. */
  public Spectrum spectrum() {
    return new Spectrum();
  }

  /**
   * Follows each layer's largest singular value by a step of power iteration at a time, and limits
   * it to 1 (Miyato et al. 2018): the weights are projected, rather than divided in every pass.
   */
  public final class Spectrum {
    private final double[][] directions;

    private Spectrum() {
      directions = new double[layers.length][];
      for (int i = 0; i < layers.length; i++) {
        directions[i] = new double[layers[i].inputs()];
        Arrays.fill(directions[i], 1 / Math.sqrt(layers[i].inputs()));
      }
    }

    /** Divides the weights of layers that have more than 1 by what they have. */
    public void limit() {
      for (int i = 0; i < layers.length; i++) {
        double largest = iterate(layers[i], directions[i]);
        if (largest > 1) {
          for (int j = layers[i].weights(); j < layers[i].biases(); j++) {
            parameters[j] /= (float) largest;
          }
        }
      }
    }

    /** One step: v := WᵀWv / ‖WᵀWv‖; gives ‖Wv‖ of the new v. */
    private double iterate(Layer layer, double[] direction) {
      double[] back = new double[layer.inputs()];
      for (int unit = 0; unit < layer.units(); unit++) {
        double along = along(layer, unit, direction);
        for (int input = 0; input < layer.inputs(); input++) {
          back[input] += along * parameters[layer.weights() + unit * layer.inputs() + input];
        }
      }
      double length = 0;
      for (double component : back) {
        length += component * component;
      }
      length = Math.sqrt(length);
      if (length == 0) {
        return 0;
      }
      for (int input = 0; input < layer.inputs(); input++) {
        direction[input] = back[input] / length;
      }
      double squares = 0;
      for (int unit = 0; unit < layer.units(); unit++) {
        double along = along(layer, unit, direction);
        squares += along * along;
      }
      return Math.sqrt(squares);
    }

    private double along(Layer layer, int unit, double[] direction) {
      double sum = 0;
      for (int input = 0; input < layer.inputs(); input++) {
        sum += parameters[layer.weights() + unit * layer.inputs() + input] * direction[input];
      }
      return sum;
    }

    /** Saves or restores the directions found so far. */
    public void exchange(EnvState saved) {
      for (double[] direction : directions) {
        saved.reals(direction);
      }
    }
  }

  /** Memory for what is computed of batches of at most {@code capacity} rows. */
  public Pass pass(int capacity) {
    return new Pass(capacity);
  }

  /** What is computed for one batch: fill {@link #input}, call {@link #forward}, and so on. */
  public final class Pass {
    private final int capacity;

    /** Per layer what goes in, and last what comes out. */
    private final float[][] values;

    /** Gradients of these, and tangents. */
    private final float[][] slopes;

    private Pass(int capacity) {
      this.capacity = capacity;
      values = new float[layers.length + 1][];
      slopes = new float[layers.length + 1][];
      for (int i = 0; i <= layers.length; i++) {
        int width = i == 0 ? shape.inputs() : layers[i - 1].units();
        values[i] = new float[Math.multiplyExact(capacity, width)];
        slopes[i] = new float[capacity * width];
      }
    }

    /** Rows that fit. */
    public int capacity() {
      return capacity;
    }

    /** (rows, inputs): to be filled before {@link #forward}. */
    public float[] input() {
      return values[0];
    }

    /** (rows, outputs): the result of {@link #forward}. */
    public float[] output() {
      return values[layers.length];
    }

    /** (rows, outputs): to be filled before {@link #backward}, which may overwrite it. */
    public float[] outputGradient() {
      return slopes[layers.length];
    }

    /** (rows, inputs): the result of {@link #backwardToInput}. */
    public float[] inputGradient() {
      return slopes[0];
    }

    /** (rows, outputs): the result of {@link #tangent}. */
    public float[] outputTangent() {
      return slopes[layers.length];
    }

    /** Computes {@link #output} of the first n rows of {@link #input}. */
    public void forward(int n) {
      for (int i = 0; i < layers.length; i++) {
        Layer layer = layers[i];
        float[] result = values[i + 1];
        for (int row = 0; row < n; row++) {
          System.arraycopy(parameters, layer.biases(), result, row * layer.units(), layer.units());
        }
        gemm.multiply(
            false,
            true,
            n,
            layer.units(),
            layer.inputs(),
            values[i],
            0,
            parameters,
            layer.weights(),
            1,
            result,
            0);
        if (i < layers.length - 1) {
          shape.activation().apply(result, n * layer.units());
        }
      }
    }

    /**
     * Adds to {@code gradient}, which lies as the parameters do, what {@link #outputGradient} of
     * the last {@link #forward}'s n rows makes of them.
     */
    public void backward(int n, float[] gradient) {
      backward(n, gradient, false);
    }

    /** As {@link #backward}, and computes {@link #inputGradient}. */
    public void backwardToInput(int n, float[] gradient) {
      backward(n, gradient, true);
    }

    private void backward(int n, float[] gradient, boolean toInput) {
      for (int i = layers.length - 1; i >= 0; i--) {
        Layer layer = layers[i];
        float[] delta = slopes[i + 1];
        gemm.multiply(
            true,
            false,
            layer.units(),
            layer.inputs(),
            n,
            delta,
            0,
            values[i],
            0,
            1,
            gradient,
            layer.weights());
        addColumns(delta, n, layer.units(), gradient, layer.biases());
        if (i > 0 || toInput) {
          gemm.multiply(
              false,
              false,
              n,
              layer.inputs(),
              layer.units(),
              delta,
              0,
              parameters,
              layer.weights(),
              0,
              slopes[i],
              0);
        }
        if (i > 0) {
          shape.activation().multiplyByDerivative(slopes[i], values[i], n * layer.inputs());
        }
      }
    }

    /**
     * Computes {@link #outputTangent}: how the last {@link #forward}'s n outputs change when the
     * parameters move in a direction (Pearlmutter 1994), which lies as the parameters do.
     */
    public void tangent(int n, float[] direction) {
      for (int i = 0; i < layers.length; i++) {
        Layer layer = layers[i];
        float[] result = slopes[i + 1];
        for (int row = 0; row < n; row++) {
          System.arraycopy(direction, layer.biases(), result, row * layer.units(), layer.units());
        }
        gemm.multiply(
            false,
            true,
            n,
            layer.units(),
            layer.inputs(),
            values[i],
            0,
            direction,
            layer.weights(),
            1,
            result,
            0);
        if (i > 0) {
          gemm.multiply(
              false,
              true,
              n,
              layer.units(),
              layer.inputs(),
              slopes[i],
              0,
              parameters,
              layer.weights(),
              1,
              result,
              0);
        }
        if (i < layers.length - 1) {
          shape.activation().multiplyByDerivative(result, values[i + 1], n * layer.units());
        }
      }
    }
  }

  private static void addColumns(float[] rows, int n, int width, float[] sums, int offset) {
    for (int row = 0; row < n; row++) {
      for (int i = 0; i < width; i++) {
        sums[offset + i] += rows[row * width + i];
      }
    }
  }
}
