package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.Offsets;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.SequenceBatch;
import io.gymbridge.core.Value;
import java.util.Iterator;
import java.util.List;

/** Offsets in elements, then the columns of all elements end to end. */
final class SequenceColumns implements Columns {
  private final String path;
  private final Columns elements;

  SequenceColumns(String path, Sequence sequence) {
    this.path = path;
    this.elements = Columns.of(sequence.element(), path + ".element");
  }

  @Override
  public int count() {
    return 1 + elements.count();
  }

  @Override
  public long rowBytes() {
    return 4;
  }

  @Override
  public void encode(Value batch, int n, String what, List<ByteString> into) {
    SequenceBatch sequences = Columns.batch(SequenceBatch.class, batch, n, what + path);
    into.add(Columns.bytes(sequences.offsets().array()));
    elements.encode(sequences.elements(), sequences.offsets().total(), what, into);
  }

  @Override
  public Value decode(Iterator<ByteString> buffers, int n, String what) {
    Offsets offsets = Columns.offsets(buffers.next(), n, elements.rowBytes(), what + path);
    return new SequenceBatch(offsets, elements.decode(buffers, offsets.total(), what));
  }
}
