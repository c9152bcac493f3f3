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
 *       key have truth values or numbers: of the type of the first one's, which the others are
 *       converted to, fractions cut off;
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
    if (first != null && given.stream().allMatch(VectorInfo::isScalar)) {
      return scalars(
          column,
          first instanceof Boolean ? DType.BOOL : isReal(first) ? DType.FLOAT64 : DType.INT64);
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

  private static boolean isScalar(Object entry) {
    return entry instanceof Boolean
        || entry instanceof Long
        || entry instanceof Integer
        || entry instanceof Short
        || entry instanceof Byte
        || isReal(entry);
  }

  private static boolean isReal(Object entry) {
    return entry instanceof Double || entry instanceof Float;
  }

  private static boolean isLike(Object entry, NdArray first) {
    return entry instanceof NdArray array
        && array.dtype() == first.dtype()
        && Arrays.equals(array.shape(), first.shape());
  }

  private NdArray scalars(Column column, DType dtype) {
    long[] integers = new long[lanes];
    double[] reals = new double[lanes];
    for (int lane = 0; lane < lanes; lane++) {
      Object entry = column.entries()[lane];
      if (entry instanceof Boolean flag) {
        integers[lane] = flag ? 1 : 0;
        reals[lane] = integers[lane];
      } else if (entry instanceof Number number) {
        reals[lane] = number.doubleValue();
        integers[lane] = dtype == DType.BOOL ? (reals[lane] == 0 ? 0 : 1) : number.longValue();
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
