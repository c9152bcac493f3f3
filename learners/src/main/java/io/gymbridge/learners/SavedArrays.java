package io.gymbridge.learners;

import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Arrays of any types and shapes as fields of a saved training. */
final class SavedArrays {
  private static final NdArray NONE = NdArray.empty(DType.FLOAT32);

  private SavedArrays() {}

  /** The arrays saved or restored, of any number. */
  static List<NdArray> exchange(EnvState saved, List<NdArray> present) {
    int count = saved.integer(present.size(), 0, Integer.MAX_VALUE);
    List<NdArray> arrays = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      arrays.add(exchange(saved, i < present.size() ? present.get(i) : NONE));
    }
    return arrays;
  }

  private static NdArray exchange(EnvState saved, NdArray present) {
    byte[] name = saved.bytes(present.dtype().name().getBytes(StandardCharsets.UTF_8));
    int[] shape = new int[saved.integer(present.shape().length, 0, Byte.MAX_VALUE)];
    for (int i = 0; i < shape.length; i++) {
      int size = i < present.shape().length ? present.shape()[i] : 0;
      shape[i] = saved.integer(size, 0, Integer.MAX_VALUE);
    }
    byte[] elements = new byte[present.data().remaining()];
    present.data().get(elements);
    return NdArray.wrap(
        DType.valueOf(new String(name, StandardCharsets.UTF_8)),
        ByteBuffer.wrap(saved.bytes(elements)),
        shape);
  }
}
