package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Offsets;
import io.gymbridge.core.TextBatch;
import io.gymbridge.core.Value;
import java.util.Iterator;
import java.util.List;

/** Offsets in bytes, then the texts' UTF-8 end to end. */
record TextColumns(String path) implements Columns {
  @Override
  public int count() {
    return 2;
  }

  @Override
  public long rowBytes() {
    return 4;
  }

  @Override
  public void encode(Value batch, int n, String what, List<ByteString> into) {
    TextBatch texts = Columns.batch(TextBatch.class, batch, n, what + path);
    into.add(Columns.bytes(texts.offsets().array()));
    into.add(Columns.bytes(texts.utf8()));
  }

  @Override
  public Value decode(Iterator<ByteString> buffers, int n, String what) {
    Offsets offsets = Columns.offsets(buffers.next(), n, 1, what + path);
    int[] size = {offsets.total()};
    NdArray utf8 = Columns.array(buffers.next(), DType.UINT8, size, what + path);
    return Columns.checked(() -> new TextBatch(offsets, utf8), what + path);
  }
}
