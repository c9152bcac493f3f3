package io.gymbridge.core;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gathers the infos of N lanes in Gymnasium's vector form. */
final class VectorInfo {
  private final int lanes;
  private final Map<String, @Nullable Object[]> columns = new LinkedHashMap<>();
  private final Map<String, long[]> present = new LinkedHashMap<>();

  VectorInfo(int lanes) {
    this.lanes = lanes;
  }

  void put(int lane, Map<String, Object> info) {
    info.forEach(
        (name, value) -> {
          columns.computeIfAbsent(name, key -> new @Nullable Object[lanes])[lane] = value;
          present.computeIfAbsent(name, key -> new long[lanes])[lane] = 1;
        });
  }

  /** For each key a list with an entry per lane (null where it lacks one), and its "_key" mask. */
  Map<String, Object> toMap() {
    Map<String, Object> infos = new LinkedHashMap<>();
    columns.forEach(
        (name, column) -> {
          infos.put(name, Arrays.asList(column));
          infos.put(
              "_" + name,
              NdArray.ofLongs(DType.BOOL, present.getOrDefault(name, new long[lanes]), lanes));
        });
    return infos;
  }
}
