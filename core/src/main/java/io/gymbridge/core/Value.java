package io.gymbridge.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An element of a {@link Space}, or a batch of N elements: then every array in it has N as its
 * first dimension. Immutable and safe to share between threads.
 */
public sealed interface Value permits NdArray, TupleValue, DictValue {

  /** Number of elements, for a batch. */
  int batchSize();

  /** Element {@code index} of a batch; a view where possible. */
  Value row(int index);

  /** The elements at {@code indices} of a batch, in that order, as a new batch. */
  Value take(int[] indices);

  /** This value as an array; {@link IllegalStateException} where it is a tuple or a dict. */
  default NdArray array() {
    throw new IllegalStateException(
        "expected an array, got a composite value: flatten the space first");
  }

  /** Makes a batch of single values of the same space; at least one. */
  static Value stack(List<? extends Value> rows) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("cannot stack no values at all");
    }
    Value first = rows.get(0);
    if (first instanceof NdArray) {
      return NdArray.stack(rows.stream().map(Value::array).toList());
    }
    if (first instanceof TupleValue tuple) {
      List<Value> parts = new ArrayList<>();
      for (int i = 0; i < tuple.parts().size(); i++) {
        int part = i;
        parts.add(stack(rows.stream().map(row -> ((TupleValue) row).parts().get(part)).toList()));
      }
      return new TupleValue(parts);
    }
    Map<String, Value> parts = new LinkedHashMap<>();
    for (String name : ((DictValue) first).parts().keySet()) {
      parts.put(name, stack(rows.stream().map(row -> ((DictValue) row).part(name)).toList()));
    }
    return new DictValue(parts);
  }

  /** Joins batches of one space end to end; at least one. */
  static Value concatenate(List<? extends Value> batches) {
    if (batches.isEmpty()) {
      throw new IllegalArgumentException("cannot concatenate no batches at all");
    }
    Value first = batches.get(0);
    if (batches.size() == 1) {
      return first;
    }
    if (first instanceof NdArray) {
      return NdArray.concatenate(batches.stream().map(Value::array).toList());
    }
    if (first instanceof TupleValue tuple) {
      List<Value> parts = new ArrayList<>();
      for (int i = 0; i < tuple.parts().size(); i++) {
        int part = i;
        parts.add(
            concatenate(
                batches.stream().map(batch -> ((TupleValue) batch).parts().get(part)).toList()));
      }
      return new TupleValue(parts);
    }
    Map<String, Value> parts = new LinkedHashMap<>();
    for (String name : ((DictValue) first).parts().keySet()) {
      parts.put(
          name,
          concatenate(batches.stream().map(batch -> ((DictValue) batch).part(name)).toList()));
    }
    return new DictValue(parts);
  }
}
