package io.gymbridge.core;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the infos of N lanes in Gymnasium's vector form. For each key there is, of N entries:
 *
 * <ul>
 *   <li>an array of {@code bool}, {@code int64} or {@code float64}, where all lanes that have the
 *       key have a truth value, an integer or a real number;
 *   <li>an array (N, …), where they have arrays of one type and shape;
 *   <li>a map in vector form itself, where they have maps;
 *   <li>a list otherwise.
 * </ul>
 *
 * Lanes that lack the key have false, zeros or null there, and false under "_key".
 */
public final class VectorInfo {
  private final int lanes;
  private final Map<String, Column> columns = new LinkedHashMap<>();

  /** The entries of one key, null where a lane lacks it or has null. */
  private record Column(@Nullable Object[] entries, long[] present) {}

  /** No infos yet, of so many lanes. */
  public VectorInfo(int lanes) {
    this.lanes = lanes;
  }

  /** Adds one lane's info; values as in {@link Env.Reset#info}. */
  public void put(int lane, Map<String, Object> info) {
    info.forEach(
        (name, value) -> {
          Column column =
              columns.computeIfAbsent(
                  name, key -> new Column(new @Nullable Object[lanes], new long[lanes]));
          column.entries()[lane] = value;
          column.present()[lane] = 1;
        });
  }

  /** The infos of all lanes. */
  public Map<String, Object> toMap() {
    if (columns.isEmpty()) {
      return Map.of();
    }
    Map<String, Object> infos = new LinkedHashMap<>();
    columns.forEach(
        (name, column) -> {
          infos.put(name, join(column));
          infos.put("_" + name, NdArray.ofLongs(DType.BOOL, column.present(), lanes));
        });
    return infos;
  }

  private Object join(Column column) {
    List<Object> given = new ArrayList<>();
    for (int lane = 0; lane < lanes; lane++) {
      Object entry = column.entries()[lane];
      if (entry != null) {
        given.add(entry);
      } else if (column.present()[lane] != 0) {
        return asList(column);
      }
    }
    Object first = given.isEmpty() ? null : given.get(0);
    if (first instanceof Boolean && given.stream().allMatch(Boolean.class::isInstance)) {
      return scalars(column, DType.BOOL);
    }
    if (isInteger(first) && given.stream().allMatch(VectorInfo::isInteger)) {
      return scalars(column, DType.INT64);
    }
    if (isReal(first) && given.stream().allMatch(VectorInfo::isReal)) {
      return scalars(column, DType.FLOAT64);
    }
    if (first instanceof NdArray array && given.stream().allMatch(other -> isLike(other, array))) {
      return stack(column, array);
    }
    if (first instanceof Map && given.stream().allMatch(Map.class::isInstance)) {
      return nested(column);
    }
    return asList(column);
  }

  // Infos hold nulls, as Python's hold None.
  @SuppressWarnings("NullAway")
  private static Object asList(Column column) {
    return Collections.unmodifiableList(Arrays.asList(column.entries()));
  }

  private static boolean isInteger(@Nullable Object entry) {
    return entry instanceof Long
        || entry instanceof Integer
        || entry instanceof Short
        || entry instanceof Byte;
  }

  private static boolean isReal(@Nullable Object entry) {
    return entry instanceof Double || entry instanceof Float;
  }

  private static boolean isLike(Object entry, NdArray first) {
    return entry instanceof NdArray array
        && array.dtype() == first.dtype()
        && Arrays.equals(array.shape(), first.shape());
  }

  private NdArray scalars(Column column, DType dtype) {
    long[] integers = new long[dtype.isFloating() ? 0 : lanes];
    double[] reals = new double[lanes - integers.length];
    for (int lane = 0; lane < lanes; lane++) {
      Object entry = column.entries()[lane];
      if (entry instanceof Boolean flag) {
        integers[lane] = flag ? 1 : 0;
      } else if (entry instanceof Number number && dtype.isFloating()) {
        reals[lane] = number.doubleValue();
      } else if (entry instanceof Number number) {
        integers[lane] = number.longValue();
      }
    }
    return dtype.isFloating()
        ? NdArray.ofDoubles(dtype, reals, lanes)
        : NdArray.ofLongs(dtype, integers, lanes);
  }

  private NdArray stack(Column column, NdArray first) {
    int bytes = first.size() * first.dtype().bytes();
    ByteBuffer rows = ByteBuffer.allocate(Math.multiplyExact(lanes, bytes));
    for (int lane = 0; lane < lanes; lane++) {
      if (column.entries()[lane] instanceof NdArray array) {
        rows.put(lane * bytes, array.data(), 0, bytes);
      }
    }
    return NdArray.wrap(first.dtype(), rows, Leaves.batchShape(lanes, first.shape()));
  }

  @SuppressWarnings("unchecked")
  private Map<String, Object> nested(Column column) {
    VectorInfo inner = new VectorInfo(lanes);
    for (int lane = 0; lane < lanes; lane++) {
      if (column.entries()[lane] instanceof Map<?, ?> map) {
        inner.put(lane, (Map<String, Object>) map);
      }
    }
    return inner.toMap();
  }
}
