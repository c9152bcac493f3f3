package io.gymbridge.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Turns values of any space into flat arrays, as {@code gymnasium.spaces.flatten} does: what is
 * discrete becomes one-hot, parts follow each other in the space's order, and the type is the one
 * that NumPy promotes theirs to.
 */
public final class Flatten {
  private Flatten() {}

  /** The box of {@link Space#flatSize} components that a space's flattened members lie in. */
  public static Box space(Space space) {
    List<Box> leaves = new ArrayList<>();
    addLeaves(space, leaves);
    DType dtype = dtype(leaves);
    return new Box(
        concatenate(dtype, leaves.stream().map(Box::low).toList()),
        concatenate(dtype, leaves.stream().map(Box::high).toList()));
  }

  /** One member, flattened. */
  public static NdArray value(Space space, Value value) {
    return batch(space, Value.stack(List.of(value))).row(0);
  }

  /** A batch of N members, flattened to (N, {@link Space#flatSize}). */
  public static NdArray batch(Space space, Value batch) {
    int n = batch.batchSize();
    int width = space.flatSize();
    if (space instanceof Box || space instanceof MultiBinary) {
      return batch.array().reshape(n, width);
    }
    List<Box> leaves = new ArrayList<>();
    addLeaves(space, leaves);
    Rows rows = new Rows(dtype(leaves), n, width);
    rows.add(space, batch);
    return rows.toArray();
  }

  private static void addLeaves(Space space, List<Box> leaves) {
    if (space instanceof Box box) {
      int size = box.flatSize();
      leaves.add(new Box(box.low().reshape(size), box.high().reshape(size)));
    } else if (space instanceof Discrete discrete) {
      leaves.add(Box.of(discrete.dtype(), 0, 1, discrete.flatSize()));
    } else if (space instanceof MultiDiscrete discrete) {
      leaves.add(Box.of(discrete.dtype(), 0, 1, discrete.flatSize()));
    } else if (space instanceof MultiBinary) {
      leaves.add(Box.of(DType.INT8, 0, 1, space.flatSize()));
    } else if (space instanceof Tuple tuple) {
      tuple.spaces().forEach(part -> addLeaves(part, leaves));
    } else if (space instanceof Dict dict) {
      dict.spaces().values().forEach(part -> addLeaves(part, leaves));
    } else {
      throw new IllegalArgumentException(space + " cannot be flattened into one Box");
    }
  }

  private static DType dtype(List<Box> leaves) {
    return leaves.stream().map(Box::dtype).reduce(Flatten::promote).orElseThrow();
  }

  private static NdArray concatenate(DType dtype, List<NdArray> vectors) {
    Rows row = new Rows(dtype, 1, vectors.stream().mapToInt(NdArray::size).sum());
    vectors.forEach(vector -> row.copy(vector.reshape(1, vector.size())));
    return row.toArray().row(0);
  }

  /** NumPy's common type of two, see {@code numpy.promote_types}. */
  private static DType promote(DType a, DType b) {
    if (a == b || b == DType.BOOL) {
      return a;
    }
    if (a == DType.BOOL) {
      return b;
    }
    if (a.isFloating() || b.isFloating()) {
      return floatOf(Math.max(bytesAsFloat(a), bytesAsFloat(b)));
    }
    if (isUnsigned(a) == isUnsigned(b)) {
      return a.bytes() > b.bytes() ? a : b;
    }
    DType signed = isUnsigned(a) ? b : a;
    DType unsigned = isUnsigned(a) ? a : b;
    return switch (Math.max(signed.bytes(), 2 * unsigned.bytes())) {
      case 2 -> DType.INT16;
      case 4 -> DType.INT32;
      case 8 -> DType.INT64;
      default -> DType.FLOAT64;
    };
  }

  private static boolean isUnsigned(DType dtype) {
    return switch (dtype) {
      case UINT8, UINT16, UINT32, UINT64 -> true;
      default -> false;
    };
  }

  /** Size of the smallest floating type that holds a type's numbers, 8 at most. */
  private static int bytesAsFloat(DType dtype) {
    return dtype.isFloating() ? dtype.bytes() : Math.min(8, 2 * dtype.bytes());
  }

  private static DType floatOf(int bytes) {
    return switch (bytes) {
      case 2 -> DType.FLOAT16;
      case 4 -> DType.FLOAT32;
      default -> DType.FLOAT64;
    };
  }

  /** N rows in the making, filled from left to right. */
  private static final class Rows {
    private final DType dtype;
    private final int n;
    private final int width;
    private final ByteBuffer data;
    private int column;

    Rows(DType dtype, int n, int width) {
      this.dtype = dtype;
      this.n = n;
      this.width = width;
      int bytes = Math.multiplyExact(Math.multiplyExact(n, width), dtype.bytes());
      this.data = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    void add(Space space, Value batch) {
      if (space instanceof Tuple tuple) {
        for (int i = 0; i < tuple.spaces().size(); i++) {
          add(tuple.spaces().get(i), ((TupleValue) batch).parts().get(i));
        }
      } else if (space instanceof Dict dict) {
        for (Map.Entry<String, Space> part : dict.spaces().entrySet()) {
          add(part.getValue(), ((DictValue) batch).part(part.getKey()));
        }
      } else if (space instanceof Discrete discrete) {
        oneHot(batch.array(), 0, 1, discrete.start(), discrete.n());
      } else if (space instanceof MultiDiscrete discrete) {
        int components = discrete.nvec().size();
        for (int i = 0; i < components; i++) {
          long start = discrete.start().getLong(i);
          oneHot(batch.array(), i, components, start, discrete.nvec().getLong(i));
        }
      } else {
        copy(batch.array());
      }
    }

    void copy(NdArray batch) {
      int size = batch.size() / n;
      for (int i = 0; i < batch.size(); i++) {
        int target = (i / size) * width + column + i % size;
        if (dtype.isFloating()) {
          Elements.put(data, dtype, target, batch.getDouble(i));
        } else {
          Elements.put(data, dtype, target, batch.getLong(i));
        }
      }
      column += size;
    }

    private void oneHot(NdArray batch, int component, int components, long start, long count) {
      for (int row = 0; row < n; row++) {
        long member = batch.getLong(row * components + component);
        if (member < start || member >= start + count) {
          throw new IllegalArgumentException(
              "got %d, expected one of %d … %d".formatted(member, start, start + count - 1));
        }
        Elements.put(data, dtype, row * width + column + (int) (member - start), 1L);
      }
      column += Math.toIntExact(count);
    }

    NdArray toArray() {
      return NdArray.wrap(dtype, data, n, width);
    }
  }
}
