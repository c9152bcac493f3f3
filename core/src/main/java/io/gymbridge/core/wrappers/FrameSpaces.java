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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Spaces of stacked frames, and the frames nearest to zero. */
final class FrameSpaces {
  private FrameSpaces() {}

  /** Space of n members stacked along a new first dimension, of Gymnasium's kind. */
  static Space stacked(Space space, int n) {
    if (space instanceof Box box) {
      return new Box(repeat(box.low(), n), repeat(box.high(), n));
    }
    if (space instanceof Discrete discrete) {
      NdArray nvec = NdArray.ofLongs(discrete.dtype(), new long[] {discrete.n()});
      NdArray start = NdArray.ofLongs(discrete.dtype(), new long[] {discrete.start()});
      return new MultiDiscrete(repeat(nvec, n), repeat(start, n));
    }
    if (space instanceof MultiDiscrete discrete) {
      long[] last = discrete.start().toLongs();
      for (int i = 0; i < last.length; i++) {
        last[i] += discrete.nvec().getLong(i) - 1;
      }
      NdArray high = NdArray.ofLongs(discrete.dtype(), last, discrete.shape());
      return new Box(repeat(discrete.start(), n), repeat(high, n));
    }
    if (space instanceof MultiBinary binary) {
      int[] shape = new int[binary.shape().size() + 1];
      shape[0] = n;
      for (int i = 1; i < shape.length; i++) {
        shape[i] = binary.shape().get(i - 1);
      }
      return Box.of(DType.INT8, 0, 1, shape);
    }
    if (space instanceof Tuple tuple) {
      return new Tuple(tuple.spaces().stream().map(part -> stacked(part, n)).toList());
    }
    if (space instanceof Dict dict) {
      Map<String, Space> parts = new LinkedHashMap<>();
      dict.spaces().forEach((name, part) -> parts.put(name, stacked(part, n)));
      return new Dict(parts);
    }
    throw new IllegalArgumentException("cannot stack frames of " + space);
  }

  private static NdArray repeat(NdArray array, int n) {
    return Value.stack(Collections.nCopies(n, array)).array();
  }

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
      int[] shape = binary.shape().stream().mapToInt(Integer::intValue).toArray();
      return NdArray.ofLongs(DType.INT8, new long[binary.flatSize()], shape);
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
