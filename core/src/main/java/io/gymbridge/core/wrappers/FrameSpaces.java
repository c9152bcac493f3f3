package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import java.util.LinkedHashMap;
import java.util.Map;

/** The frames nearest to zero. */
final class FrameSpaces {
  private FrameSpaces() {}

  /** The member nearest to zero, or the first where a space counts from elsewhere. */
  static Value zero(Space space) {
    if (space instanceof Box box) {
      double[] values = new double[box.flatSize()];
      for (int i = 0; i < values.length; i++) {
        values[i] = Math.max(box.low().getDouble(i), Math.min(box.high().getDouble(i), 0));
      }
      return NdArray.ofDoubles(box.dtype(), values, box.shape());
    }
    if (space instanceof Discrete discrete) {
      return NdArray.ofLongs(discrete.dtype(), new long[] {discrete.start()});
    }
    if (space instanceof MultiDiscrete discrete) {
      return discrete.start();
    }
    if (space instanceof MultiBinary binary) {
      return NdArray.ofLongs(DType.INT8, new long[binary.flatSize()], binary.dimensions());
    }
    if (space instanceof Tuple tuple) {
      return new TupleValue(tuple.spaces().stream().map(FrameSpaces::zero).toList());
    }
    if (space instanceof Dict dict) {
      Map<String, Value> parts = new LinkedHashMap<>();
      dict.spaces().forEach((name, part) -> parts.put(name, zero(part)));
      return new DictValue(parts);
    }
    throw new IllegalArgumentException("no zero is known of " + space);
  }
}
