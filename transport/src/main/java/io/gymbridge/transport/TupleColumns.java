package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.UnitBatch;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The columns of each part of a Tuple in turn. */
final class TupleColumns implements Columns {
  private final String path;
  private final List<Columns> parts = new ArrayList<>();

  TupleColumns(String path, Tuple tuple) {
    this.path = path;
    for (int i = 0; i < tuple.spaces().size(); i++) {
      parts.add(Columns.of(tuple.spaces().get(i), path + "[" + i + "]"));
    }
  }

  @Override
  public int count() {
    return parts.stream().mapToInt(Columns::count).sum();
  }

  @Override
  public long rowBytes() {
    return parts.stream().mapToLong(Columns::rowBytes).sum();
  }

  @Override
  public void encode(Value batch, int n, String what, List<ByteString> into) {
    if (parts.isEmpty()) {
      Columns.batch(UnitBatch.class, batch, n, what + path);
      return;
    }
    if (!(batch instanceof TupleValue tuple) || tuple.parts().size() != parts.size()) {
      throw Shapes.invalid(
          "%s%s: expected a tuple of %d parts, got %s".formatted(what, path, parts.size(), batch));
    }
    for (int i = 0; i < parts.size(); i++) {
      parts.get(i).encode(tuple.parts().get(i), n, what, into);
    }
  }

  @Override
  public Value decode(Iterator<ByteString> buffers, int n, String what) {
    List<Value> values = new ArrayList<>();
    for (Columns part : parts) {
      values.add(part.decode(buffers, n, what));
    }
    TupleValue tuple = new TupleValue(values);
    return parts.isEmpty() ? new UnitBatch(tuple, n) : tuple;
  }
}
