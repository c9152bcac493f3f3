package io.gymbridge.core;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * A batch of N {@link TextValue}s.
 *
 * @param offsets where each text begins in {@code utf8}, in bytes
 * @param utf8 the texts end to end, {@code uint8}
 */
public record TextBatch(Offsets offsets, NdArray utf8) implements Value {
  public TextBatch {
    if (utf8.dtype() != DType.UINT8 || utf8.shape().length != 1) {
      throw new IllegalArgumentException("texts are a vector of uint8, got " + utf8);
    }
    if (utf8.size() != offsets.total()) {
      throw new IllegalArgumentException(
          "the offsets end at %d, the texts have %d bytes".formatted(offsets.total(), utf8.size()));
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(utf8.data());
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("the texts are not UTF-8", e);
    }
    for (int i = 1; i < offsets.count(); i++) {
      int start = offsets.start(i);
      if (start < utf8.size() && (utf8.getLong(start) & 0xC0) == 0x80) {
        throw new IllegalArgumentException(
            "text %d begins at byte %d, inside a character".formatted(i, start));
      }
    }
  }

  static TextBatch of(List<TextValue> texts) {
    List<byte[]> encoded =
        texts.stream().map(text -> text.text().getBytes(StandardCharsets.UTF_8)).toList();
    Offsets offsets = Offsets.ofLengths(encoded.stream().mapToInt(bytes -> bytes.length).toArray());
    ByteBuffer all = ByteBuffer.allocate(offsets.total());
    encoded.forEach(all::put);
    return new TextBatch(offsets, NdArray.wrap(DType.UINT8, all.flip(), offsets.total()));
  }

  static TextBatch concatenate(List<TextBatch> batches) {
    return new TextBatch(
        Offsets.concatenate(batches.stream().map(TextBatch::offsets).toList()),
        NdArray.concatenate(batches.stream().map(TextBatch::utf8).toList()));
  }

  @Override
  public int batchSize() {
    return offsets.count();
  }

  @Override
  public TextValue row(int index) {
    Objects.checkIndex(index, batchSize());
    ByteBuffer text = utf8.data().slice(offsets.start(index), offsets.length(index));
    return new TextValue(StandardCharsets.UTF_8.decode(text).toString());
  }

  @Override
  public TextBatch slice(int first, int count) {
    Offsets sliced = offsets.slice(first, count);
    return new TextBatch(sliced, utf8.slice(offsets.start(first), sliced.total()));
  }

  @Override
  public TextBatch take(int[] indices) {
    return new TextBatch(offsets.take(indices), utf8.take(offsets.entries(indices)));
  }
}
