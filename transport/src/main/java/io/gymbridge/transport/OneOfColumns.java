package io.gymbridge.transport;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.OneOfBatch;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Choices, then for each alternative the columns of the values that chose it. */
final class OneOfColumns implements Columns {
  private final String path;
  private final OneOf space;
  private final List<Columns> alternatives = new ArrayList<>();

  OneOfColumns(String path, OneOf space) {
    this.path = path;
    this.space = space;
    for (int i = 0; i < space.spaces().size(); i++) {
      alternatives.add(Columns.of(space.spaces().get(i), path + ".alternative[" + i + "]"));
    }
  }

  @Override
  public int count() {
    return 1 + alternatives.stream().mapToInt(Columns::count).sum();
  }

  @Override
  public long rowBytes() {
    return 4;
  }

  @Override
  public void encode(Value batch, int n, String what, List<ByteString> into) {
    OneOfBatch values = Columns.batch(OneOfBatch.class, batch, n, what + path);
    counts(values.choices(), what);
    into.add(Columns.bytes(values.choices()));
    for (int i = 0; i < alternatives.size(); i++) {
      Value chosen = values.alternatives().get(i);
      Value there = chosen == null ? space.spaces().get(i).emptyBatch() : chosen;
      alternatives.get(i).encode(there, there.batchSize(), what, into);
    }
  }

  /** How many values chose each alternative. */
  private int[] counts(NdArray choices, String what) {
    int[] counts = new int[alternatives.size()];
    for (int i = 0; i < choices.size(); i++) {
      long choice = choices.getLong(i);
      if (choice < 0 || choice >= counts.length) {
        throw Shapes.invalid(
            "%s%s: value %d has the choice %d, expected one of 0 … %d"
                .formatted(what, path, i, choice, counts.length - 1));
      }
      counts[(int) choice]++;
    }
    return counts;
  }

  @Override
  public Value decode(Iterator<ByteString> buffers, int n, String what) {
    NdArray choices =
        Columns.array(buffers.next(), DType.INT32, new int[] {n}, what + path + ".choices");
    int[] counts = counts(choices, what);
    Map<Integer, Value> chosen = new TreeMap<>();
    for (int i = 0; i < counts.length; i++) {
      Value values = alternatives.get(i).decode(buffers, counts[i], what);
      if (counts[i] > 0) {
        chosen.put(i, values);
      }
    }
    return new OneOfBatch(choices, chosen);
  }
}
