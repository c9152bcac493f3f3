package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/** Box, Discrete, MultiDiscrete and MultiBinary: one array of shape (N, *shape). */
record ArrayColumn(String path, DType dtype, int[] shape, Space space) implements Columns {
  @Override
  public int count() {
    return 1;
  }

  @Override
  public long rowBytes() {
    return (long) Shapes.size(shape) * dtype.bytes();
  }

  @Override
  public void encode(Value batch, int n, String what, List<ByteString> into) {
    if (!(batch instanceof NdArray array)) {
      throw Shapes.invalid(
          "%s%s: got a %s, expected an array of %s"
              .formatted(what, path, batch.getClass().getSimpleName(), space));
    }
    int[] expected = Shapes.batch(n, shape);
    if (array.dtype() != dtype || !Arrays.equals(array.shape(), expected)) {
      throw Shapes.invalid(
          "%s%s: got %s%s, expected %s%s, a batch of %d of %s"
              .formatted(
                  what,
                  path,
                  array.dtype().numpyName(),
                  Arrays.toString(array.shape()),
                  dtype.numpyName(),
                  Arrays.toString(expected),
                  n,
                  space));
    }
    into.add(Columns.bytes(array));
  }

  @Override
  public Value decode(Iterator<ByteString> buffers, int n, String what) {
    return Columns.array(buffers.next(), dtype, Shapes.batch(n, shape), what + path);
  }
}
