package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.UnitBatch;
import io.gymbridge.core.Value;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The columns of each part of a Dict in turn, in the order of the space. */
final class DictColumns implements Columns {
  private final String path;
  private final Map<String, Columns> parts = new LinkedHashMap<>();

  DictColumns(String path, Dict dict) {
    this.path = path;
    dict.spaces()
        .forEach((name, part) -> parts.put(name, Columns.of(part, path + "[\"" + name + "\"]")));
  }

  @Override
  public int count() {
    return parts.values().stream().mapToInt(Columns::count).sum();
  }

  @Override
  public long rowBytes() {
    return parts.values().stream().mapToLong(Columns::rowBytes).sum();
  }

  @Override
  public void encode(Value batch, int n, String what, List<ByteString> into) {
    if (parts.isEmpty()) {
      Columns.batch(UnitBatch.class, batch, n, what + path);
      return;
    }
    if (!(batch instanceof DictValue dict) || !dict.parts().keySet().equals(parts.keySet())) {
      throw Shapes.invalid(
          "%s%s: expected a dict of %s, got %s".formatted(what, path, parts.keySet(), batch));
    }
    parts.forEach((name, part) -> part.encode(dict.part(name), n, what, into));
  }

  @Override
  public Value decode(Iterator<ByteString> buffers, int n, String what) {
    Map<String, Value> values = new LinkedHashMap<>();
    parts.forEach((name, part) -> values.put(name, part.decode(buffers, n, what)));
    DictValue dict = new DictValue(values);
    return parts.isEmpty() ? new UnitBatch(dict, n) : dict;
  }
}
