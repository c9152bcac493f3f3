package io.gymbridge.server.policy;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.proto.inference.DataType;
import io.gymbridge.proto.inference.ModelInferResponse.InferOutputTensor;
import io.gymbridge.proto.inference.ModelMetadataResponse.TensorMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A tensor that a model of the Open Inference Protocol takes or gives: one array of a space.
 * Immutable.
 *
 * @param name what requests call it
 * @param dtype of its elements
 * @param shape of one row; the batch comes before it
 */
record InferenceTensor(String name, DType dtype, int[] shape) {
  /** Between the keys of nested Dicts. */
  private static final String SEPARATOR = ".";

  /**
   * The arrays of a space, in the order in which {@link io.gymbridge.transport.ValueCodec} has
   * their buffers.
   *
   * @param whole the name where the space is one array
   * @param prefix before the keys where it is not
   * @throws GymException UNIMPLEMENTED for a space whose values vary in size, or that has none
   */
  static List<InferenceTensor> of(Space space, String whole, String prefix) {
    List<InferenceTensor> tensors = new ArrayList<>();
    add(space, "", whole, prefix, tensors);
    if (tensors.isEmpty()) {
      throw new GymException(Kind.UNIMPLEMENTED, "no tensor makes up " + space);
    }
    return tensors;
  }

  private static void add(
      Space space, String path, String whole, String prefix, List<InferenceTensor> into) {
    String name = path.isEmpty() ? whole : prefix + path;
    if (space instanceof Box box) {
      into.add(new InferenceTensor(name, box.dtype(), box.shape()));
    } else if (space instanceof Discrete discrete) {
      into.add(new InferenceTensor(name, discrete.dtype(), new int[0]));
    } else if (space instanceof MultiDiscrete multi) {
      into.add(new InferenceTensor(name, multi.dtype(), multi.shape()));
    } else if (space instanceof MultiBinary binary) {
      into.add(new InferenceTensor(name, DType.INT8, binary.dimensions()));
    } else if (space instanceof Dict dict) {
      for (Map.Entry<String, Space> part : dict.spaces().entrySet()) {
        add(part.getValue(), join(path, part.getKey()), whole, prefix, into);
      }
    } else if (space instanceof Tuple tuple) {
      for (int i = 0; i < tuple.spaces().size(); i++) {
        add(tuple.spaces().get(i), join(path, String.valueOf(i)), whole, prefix, into);
      }
    } else {
      throw new GymException(Kind.UNIMPLEMENTED, "values of " + space + " are no tensors");
    }
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + SEPARATOR + key;
  }

  /** The protocol's name of the elements' type. */
  String datatype() {
    return switch (dtype) {
      case FLOAT16 -> "FP16";
      case FLOAT32 -> "FP32";
      case FLOAT64 -> "FP64";
      default -> dtype.name();
    };
  }

  DataType dataType() {
    return DataType.valueOf("TYPE_" + datatype());
  }

  /** Elements of one row. */
  int rowSize() {
    int size = 1;
    for (int dimension : shape) {
      size *= dimension;
    }
    return size;
  }

  /** Whether a shape is a batch of rows of this tensor. */
  boolean isBatch(List<Long> got) {
    if (got.size() != shape.length + 1) {
      return false;
    }
    for (int i = 0; i < shape.length; i++) {
      if (got.get(i + 1) != shape[i]) {
        return false;
      }
    }
    return true;
  }

  TensorMetadata metadata() {
    TensorMetadata.Builder metadata =
        TensorMetadata.newBuilder().setName(name).setDatatype(datatype()).addShape(-1);
    for (int dimension : shape) {
      metadata.addShape(dimension);
    }
    return metadata.build();
  }

  /** What an answer says of a batch of n. */
  InferOutputTensor batch(int n) {
    InferOutputTensor.Builder tensor =
        InferOutputTensor.newBuilder().setName(name).setDatatype(datatype()).addShape(n);
    for (int dimension : shape) {
      tensor.addShape(dimension);
    }
    return tensor.build();
  }

  /** Dimensions of one row. */
  List<Long> dimensions() {
    return Arrays.stream(shape).asLongStream().boxed().toList();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof InferenceTensor that
        && name.equals(that.name)
        && dtype == that.dtype
        && Arrays.equals(shape, that.shape);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * name.hashCode() + dtype.hashCode()) + Arrays.hashCode(shape);
  }

  /** As in {@code observations FP32[-1, 17]}. */
  @Override
  public String toString() {
    List<Long> whole = new ArrayList<>(List.of(-1L));
    whole.addAll(dimensions());
    return name + " " + datatype() + whole;
  }
}
