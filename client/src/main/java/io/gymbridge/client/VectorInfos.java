package io.gymbridge.client;

import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Infos in Gymnasium's vector form: for each key an array, a list or (nested) a map with an entry
 * per lane, and under "_key" which lanes have it.
 */
// Infos hold nulls, as Python's hold None.
@SuppressWarnings("NullAway")
final class VectorInfos {
  private VectorInfos() {}

  /**
   * Joins the shards' infos. Lanes of a shard that lacks a key get zeros, false or null, as
   * Gymnasium fills them, and false in the mask; the first shard that has a key says its type.
   *
   * @param counts lanes of each shard
   */
  static Map<String, Object> join(List<Map<String, Object>> infos, int[] counts) {
    if (infos.size() == 1) {
      return infos.get(0);
    }
    Set<String> keys = new LinkedHashSet<>();
    infos.forEach(info -> keys.addAll(info.keySet()));
    Map<String, Object> joined = new LinkedHashMap<>();
    for (String key : keys) {
      List<@Nullable Object> columns = new ArrayList<>();
      infos.forEach(info -> columns.add(info.get(key)));
      joined.put(key, joinColumn(columns, counts));
    }
    return Collections.unmodifiableMap(joined);
  }

  private static Object joinColumn(List<@Nullable Object> columns, int[] counts) {
    List<Object> present = columns.stream().filter(column -> column != null).toList();
    if (present.stream().allMatch(column -> column instanceof Map)) {
      List<Map<String, Object>> maps = new ArrayList<>();
      columns.forEach(column -> maps.add(column == null ? Map.of() : map(column)));
      return join(maps, counts);
    }
    if (present.get(0) instanceof NdArray first
        && present.stream().allMatch(column -> isLike(column, first))) {
      List<NdArray> arrays = new ArrayList<>();
      for (int i = 0; i < counts.length; i++) {
        Object column = columns.get(i);
        arrays.add(
            column == null ? zeros(first, counts[i]) : cast((NdArray) column, first.dtype()));
      }
      return Value.concatenate(arrays);
    }
    List<@Nullable Object> rows = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      for (int lane = 0; lane < counts[i]; lane++) {
        rows.add(entry(columns.get(i), lane));
      }
    }
    return Collections.unmodifiableList(rows);
  }

  /** The info of one lane: the keys that it has, without masks. */
  static Map<String, Object> ofLane(Map<String, Object> infos, int lane) {
    Map<String, Object> info = new LinkedHashMap<>();
    infos.forEach(
        (key, column) -> {
          boolean isMask = key.startsWith("_") && infos.containsKey(key.substring(1));
          Object mask = infos.get("_" + key);
          boolean has = !(mask instanceof NdArray present) || present.getLong(lane) != 0;
          if (!isMask && has) {
            info.put(key, entry(column, lane));
          }
        });
    return Collections.unmodifiableMap(info);
  }

  private static @Nullable Object entry(@Nullable Object column, int lane) {
    if (column instanceof NdArray array && array.shape().length > 1) {
      return array.row(lane);
    }
    if (column instanceof NdArray array && array.shape().length == 1) {
      return switch (array.dtype()) {
        case BOOL -> array.getLong(lane) != 0;
        case FLOAT16, FLOAT32, FLOAT64 -> array.getDouble(lane);
        default -> array.getLong(lane);
      };
    }
    if (column instanceof List<?> list) {
      return list.get(lane);
    }
    return column instanceof Map ? ofLane(map(column), lane) : column;
  }

  private static boolean isLike(Object column, NdArray first) {
    return column instanceof NdArray array
        && array.shape().length == first.shape().length
        && first.shape().length > 0
        && Arrays.equals(rowShape(array), rowShape(first));
  }

  /** As NumPy assigns numbers to an array of another type: fractions are cut off. */
  private static NdArray cast(NdArray array, DType dtype) {
    if (array.dtype() == dtype) {
      return array;
    }
    return array.dtype().isFloating()
        ? NdArray.ofDoubles(dtype, array.toDoubles(), array.shape())
        : NdArray.ofLongs(dtype, array.toLongs(), array.shape());
  }

  private static int[] rowShape(NdArray batch) {
    return Arrays.copyOfRange(batch.shape(), 1, batch.shape().length);
  }

  private static NdArray zeros(NdArray like, int lanes) {
    int[] shape = like.shape();
    shape[0] = lanes;
    DType dtype = like.dtype();
    int size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    return NdArray.wrap(dtype, ByteBuffer.allocate(size * dtype.bytes()), shape);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object column) {
    return (Map<String, Object>) column;
  }
}
