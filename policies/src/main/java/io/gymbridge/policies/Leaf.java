package io.gymbridge.policies;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One array of a space: the space itself, or one inside of Dicts and Tuples. */
final class Leaf {
  private final List<String> keys;
  private final DType dtype;
  private final int[] shape;

  private Leaf(List<String> keys, Space space) {
    this.keys = List.copyOf(keys);
    this.dtype = dtype(space);
    this.shape = shape(space);
  }

  /**
   * All of a space, in its order.
   *
   * @throws GymException INVALID_ARGUMENT for a space with anything else in it
   */
  static List<Leaf> of(Space space) {
    List<Leaf> leaves = new ArrayList<>();
    collect(space, List.of(), leaves);
    Set<String> paths = new HashSet<>();
    for (Leaf leaf : leaves) {
      if (!paths.add(leaf.path())) {
        throw new GymException(
            Kind.INVALID_ARGUMENT, "two parts of %s have the path %s".formatted(space, leaf));
      }
    }
    return List.copyOf(leaves);
  }

  private static void collect(Space space, List<String> keys, List<Leaf> leaves) {
    if (space instanceof Dict dict) {
      dict.spaces().forEach((name, part) -> collect(part, with(keys, name), leaves));
    } else if (space instanceof Tuple tuple) {
      for (int i = 0; i < tuple.spaces().size(); i++) {
        collect(tuple.spaces().get(i), with(keys, Integer.toString(i)), leaves);
      }
    } else {
      leaves.add(new Leaf(keys, space));
    }
  }

  private static List<String> with(List<String> keys, String key) {
    List<String> longer = new ArrayList<>(keys);
    longer.add(key);
    return longer;
  }

  String path() {
    return String.join("/", keys);
  }

  DType dtype() {
    return dtype;
  }

  /** Of a single element. */
  int[] shape() {
    return shape.clone();
  }

  /** This array in a batch of the space's values; null if it is not there, or of another kind. */
  @Nullable NdArray in(Value batch) {
    Value part = batch;
    for (String key : keys) {
      if (part instanceof DictValue dict) {
        part = dict.parts().get(key);
      } else if (part instanceof TupleValue tuple && Integer.parseInt(key) < tuple.parts().size()) {
        part = tuple.parts().get(Integer.parseInt(key));
      } else {
        return null;
      }
    }
    if (!(part instanceof NdArray array) || array.dtype() != dtype) {
      return null;
    }
    int[] found = array.shape();
    boolean same =
        found.length == shape.length + 1
            && Arrays.equals(found, 1, found.length, shape, 0, shape.length);
    return same ? array : null;
  }

  /** The value of {@code space} whose arrays are the next of {@code arrays}, by their paths. */
  static Value assemble(Space space, Map<String, NdArray> arrays) {
    return assemble(space, "", arrays);
  }

  private static Value assemble(Space space, String path, Map<String, NdArray> arrays) {
    if (space instanceof Dict dict) {
      Map<String, Value> parts = new java.util.LinkedHashMap<>();
      dict.spaces()
          .forEach((name, part) -> parts.put(name, assemble(part, join(path, name), arrays)));
      return new DictValue(parts);
    }
    if (space instanceof Tuple tuple) {
      List<Value> parts = new ArrayList<>();
      for (int i = 0; i < tuple.spaces().size(); i++) {
        parts.add(assemble(tuple.spaces().get(i), join(path, Integer.toString(i)), arrays));
      }
      return new TupleValue(parts);
    }
    NdArray array = arrays.get(path);
    if (array == null) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "there is no array \"%s\", only %s".formatted(path, arrays.keySet()));
    }
    return array;
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "/" + key;
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

  /** Path, type and shape. */
  @Override
  public String toString() {
    return "\"%s\" %s%s".formatted(path(), dtype.numpyName(), Arrays.toString(shape));
  }
}
