package io.gymbridge.learners;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Space;
import io.gymbridge.learners.nn.Activation;
import io.gymbridge.learners.nn.Mlp;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.ByteString;

/**
 * Writes a {@link PolicyNetwork} as an ONNX model (opset 17, IR version 8): observations in,
 * actions out, with everything in between inside the graph. ONNX's generated classes come with
 * ND4J, and stay inside this class.
 */
final class OnnxWriter {
  private static final int OPSET = 17;
  private static final int IR_VERSION = 8;

  private final PolicyNetwork policy;
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("policy");
  private int names;

  private OnnxWriter(PolicyNetwork policy) {
    this.policy = policy;
  }

  static byte[] write(PolicyNetwork policy) {
    return new OnnxWriter(policy).model();
  }

  private byte[] model() {
    String outputs = layers(inputs());
    if (policy.head() instanceof GaussianHead gaussian) {
      gaussian(gaussian, outputs);
    } else {
      categorical((CategoricalHead) policy.head(), outputs);
    }
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("gymbridge")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPSET))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  /** The same arithmetic as {@link ObservationEncoder}: float32, normalised in float64. */
  private String inputs() {
    ObservationEncoder encoder = policy.encoder();
    Space space = encoder.space();
    if (space instanceof Discrete discrete) {
      graph.addInput(declare("observations", type(discrete.dtype())));
      String index = node("Sub", cast("observations", DType.INT64), longs(discrete.start()));
      String depth = longs(discrete.n());
      NodeProto.Builder oneHot =
          NodeProto.newBuilder()
              .setOpType("OneHot")
              .addInput(index)
              .addInput(depth)
              .addInput(floats(new float[] {0, 1}, 2))
              .addAttribute(integer("axis", -1));
      return node(oneHot);
    }
    Box box = (Box) space;
    graph.addInput(declare("observations", type(box.dtype()), box.shape()));
    String rows = node("Reshape", "observations", longs(-1, encoder.width()));
    String wide = cast(cast(rows, DType.FLOAT32), DType.FLOAT64);
    String centred = node("Sub", wide, doubles(encoder.mean()));
    String scaled = node("Div", centred, doubles(encoder.std()));
    double clip = ObservationEncoder.CLIP;
    return cast(node("Clip", scaled, scalar(-clip), scalar(clip)), DType.FLOAT32);
  }

  private String layers(String inputs) {
    String previous = inputs;
    Mlp mlp = policy.mlp();
    int last = mlp.layers() - 1;
    for (int index = 0; index <= last; index++) {
      String product =
          node(
              "Gemm",
              previous,
              floats(mlp.weights(index), mlp.inputs(index), mlp.units(index)),
              floats(mlp.biases(index), mlp.units(index)));
      boolean tanh = mlp.shape().activation() == Activation.TANH;
      previous = index == last ? product : node(tanh ? "Tanh" : "Relu", product);
    }
    return previous;
  }

  private void gaussian(GaussianHead head, String outputs) {
    Box space = head.space();
    String wide = cast(outputs, DType.FLOAT64);
    String scaled = node("Mul", wide, doubles(head.scale()));
    String mean = node("Add", scaled, doubles(head.center()));
    String clipped =
        node(
            "Min",
            node("Max", mean, doubles(space.low().toDoubles())),
            doubles(space.high().toDoubles()));
    String shaped = node("Reshape", clipped, longs(batch(space.shape())));
    name("actions", cast(shaped, space.dtype()), type(space.dtype()), space.shape());
    int size = space.flatSize();
    name("mean", cast(mean, DType.FLOAT32), TensorProto.DataType.FLOAT, size);
    String logStd = node("Expand", floats(head.logStd(), 1, size), node("Shape", outputs));
    name("log_std", logStd, TensorProto.DataType.FLOAT, size);
  }

  private void categorical(CategoricalHead head, String outputs) {
    int[] choices = head.choices();
    List<String> components = new ArrayList<>();
    long first = 0;
    for (int choice : choices) {
      String logits = node("Slice", outputs, longs(first), longs(first + choice), longs(1));
      components.add(
          node(
              NodeProto.newBuilder()
                  .setOpType("ArgMax")
                  .addInput(logits)
                  .addAttribute(integer("axis", 1))
                  .addAttribute(integer("keepdims", 1))));
      first += choice;
    }
    String joined =
        node(
            NodeProto.newBuilder()
                .setOpType("Concat")
                .addAllInput(components)
                .addAttribute(integer("axis", 1)));
    String shifted = node("Add", joined, longs(head.starts()));
    String shaped = node("Reshape", shifted, longs(batch(head.shape())));
    name("actions", cast(shaped, head.dtype()), type(head.dtype()), head.shape());
    name("logits", outputs, TensorProto.DataType.FLOAT, head.outputs());
  }

  private static long[] batch(int[] shape) {
    long[] batch = new long[shape.length + 1];
    batch[0] = -1;
    for (int i = 0; i < shape.length; i++) {
      batch[i + 1] = shape[i];
    }
    return batch;
  }

  /** Gives a value its public name, as an output of the graph. */
  private void name(String output, String value, TensorProto.DataType type, int... shape) {
    graph.addNode(NodeProto.newBuilder().setOpType("Identity").addInput(value).addOutput(output));
    graph.addOutput(declare(output, type, shape));
  }

  private static ValueInfoProto declare(String name, TensorProto.DataType type, int... shape) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    dimensions.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("N"));
    for (int dimension : shape) {
      dimensions.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(dimension));
    }
    TypeProto.Tensor.Builder tensor =
        TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(dimensions);
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  private String node(String operator, String... inputs) {
    return node(NodeProto.newBuilder().setOpType(operator).addAllInput(List.of(inputs)));
  }

  private String node(NodeProto.Builder node) {
    String output = "v" + names++;
    graph.addNode(node.addOutput(output));
    return output;
  }

  private String cast(String value, DType dtype) {
    return node(
        NodeProto.newBuilder()
            .setOpType("Cast")
            .addInput(value)
            .addAttribute(integer("to", type(dtype).getNumber())));
  }

  private static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  private String floats(float[] values, long... shape) {
    ByteBuffer data = buffer(values.length * 4);
    data.asFloatBuffer().put(values);
    return constant(TensorProto.DataType.FLOAT, data, shape);
  }

  private String doubles(double[] values) {
    ByteBuffer data = buffer(values.length * 8);
    data.asDoubleBuffer().put(values);
    return constant(TensorProto.DataType.DOUBLE, data, values.length);
  }

  private String scalar(double value) {
    return constant(TensorProto.DataType.DOUBLE, buffer(8).putDouble(0, value));
  }

  private String longs(long... values) {
    ByteBuffer data = buffer(values.length * 8);
    data.asLongBuffer().put(values);
    return constant(TensorProto.DataType.INT64, data, values.length);
  }

  private String constant(TensorProto.DataType type, ByteBuffer data, long... shape) {
    String name = "c" + names++;
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type.getNumber())
            .setRawData(ByteString.copyFrom(data));
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    graph.addInitializer(tensor);
    return name;
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static TensorProto.DataType type(DType dtype) {
    return switch (dtype) {
      case BOOL -> TensorProto.DataType.BOOL;
      case INT8 -> TensorProto.DataType.INT8;
      case INT16 -> TensorProto.DataType.INT16;
      case INT32 -> TensorProto.DataType.INT32;
      case INT64 -> TensorProto.DataType.INT64;
      case UINT8 -> TensorProto.DataType.UINT8;
      case UINT16 -> TensorProto.DataType.UINT16;
      case UINT32 -> TensorProto.DataType.UINT32;
      case UINT64 -> TensorProto.DataType.UINT64;
      case FLOAT16 -> TensorProto.DataType.FLOAT16;
      case FLOAT32 -> TensorProto.DataType.FLOAT;
      case FLOAT64 -> TensorProto.DataType.DOUBLE;
    };
  }
}
