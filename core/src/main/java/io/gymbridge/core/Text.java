package io.gymbridge.core;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Strings over a character set; lengths count code points.
 *
 * @param minLength smallest length, at least 0
 * @param maxLength largest length
 * @param charset the permitted characters, each once, in the order in which masks and flattened
 *     members count them; spaces that differ in this order only are equal
 */
public record Text(int minLength, int maxLength, String charset) implements Space {
  /** Gymnasium's default: the digits and the letters of English. */
  public static final String ALPHANUMERIC =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  private static final int MAX_SHOWN = 40;

  public Text {
    if (minLength < 0 || maxLength < minLength) {
      throw new IllegalArgumentException(
          "lengths must be 0 ≤ min ≤ max, got %d and %d".formatted(minLength, maxLength));
    }
    charset =
        charset.codePoints().distinct().mapToObj(Character::toString).collect(Collectors.joining());
    if (charset.isEmpty() && minLength > 0) {
      throw new IllegalArgumentException("a Text space without characters wants minLength 0");
    }
    if (charset.codePoints().anyMatch(Text::isSurrogate)) {
      throw new IllegalArgumentException("the charset has an unpaired surrogate");
    }
  }

  /** Texts of 1 to {@code maxLength} letters and digits, Gymnasium's defaults. */
  public Text(int maxLength) {
    this(1, maxLength, ALPHANUMERIC);
  }

  private static boolean isSurrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  private int[] characters() {
    return charset.codePoints().toArray();
  }

  @Override
  public @Nullable String whyNot(Value value) {
    if (!(value instanceof TextValue member)) {
      return "got a %s, expected one of %s".formatted(value.getClass().getSimpleName(), this);
    }
    String text = member.text();
    int length = text.codePointCount(0, text.length());
    if (length < minLength || length > maxLength) {
      return "got %d characters, expected %d … %d".formatted(length, minLength, maxLength);
    }
    int[] points = text.codePoints().toArray();
    for (int i = 0; i < points.length; i++) {
      if (charset.indexOf(points[i]) < 0) {
        return "character %d is \"%s\", expected one of \"%s\""
            .formatted(i, Character.toString(points[i]), shown(charset));
      }
    }
    return null;
  }

  private static String shown(String text) {
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
  }

  /** Of a length drawn uniformly, of characters drawn uniformly. */
  @Override
  public TextValue sample(RandomGenerator random, Mask mask) {
    int[] characters = characters();
    int[] allowed = IntStream.range(0, characters.length).toArray();
    int length = -1;
    if (mask instanceof Mask.Text given) {
      length = given.length().orElse(-1);
      if (given.length().isPresent() && (length < minLength || length > maxLength)) {
        throw mask.refusal(this, "a length of %d … %d".formatted(minLength, maxLength));
      }
      if (given.characters() != null) {
        allowed = Leaves.ones(given.characters(), characters.length, mask, this);
      }
    } else if (!(mask instanceof Mask.None)) {
      throw mask.refusal(this, "Mask.Text");
    }
    if (length < 0) {
      length = (int) random.nextLong(minLength, maxLength + 1L);
    }
    if (allowed.length == 0) {
      if (minLength > 0) {
        throw mask.refusal(this, "a character at least");
      }
      return new TextValue("");
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.appendCodePoint(characters[allowed[random.nextInt(allowed.length)]]);
    }
    return new TextValue(text.toString());
  }

  @Override
  public TextBatch emptyBatch() {
    return new TextBatch(Offsets.ofLengths(), NdArray.empty(DType.UINT8));
  }

  @Override
  public Tuple batch(int n) {
    return Products.copies(this, n);
  }

  @Override
  public boolean isFlattenable() {
    return true;
  }

  @Override
  public int flatSize() {
    return maxLength;
  }

  @Override
  public Box flatSpace() {
    return Box.of(DType.INT32, 0, characters().length, maxLength);
  }

  /**
   * The characters' indices in the charset, {@code int32}, filled up to {@code maxLength} with the
   * charset's size.
   */
  @Override
  public NdArray flatten(Value member) {
    String mismatch = whyNot(member);
    if (mismatch != null) {
      throw new IllegalArgumentException(mismatch);
    }
    int[] points = ((TextValue) member).text().codePoints().toArray();
    long[] flat = new long[maxLength];
    for (int i = 0; i < flat.length; i++) {
      int end = i < points.length ? charset.indexOf(points[i]) : charset.length();
      flat[i] = charset.codePointCount(0, end);
    }
    return NdArray.ofLongs(DType.INT32, flat, maxLength);
  }

  @Override
  public TextValue unflatten(Value flat) {
    int[] characters = characters();
    StringBuilder text = new StringBuilder();
    for (long index : Leaves.flat(flat, maxLength, this).toLongs()) {
      if (index < 0) {
        throw Products.unexpected(flat, this);
      }
      if (index < characters.length) {
        text.appendCodePoint(characters[(int) index]);
      }
    }
    return new TextValue(text.toString());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Text that
        && minLength == that.minLength
        && maxLength == that.maxLength
        && Arrays.equals(sorted(), that.sorted());
  }

  @Override
  public int hashCode() {
    return 31 * (31 * minLength + maxLength) + Arrays.hashCode(sorted());
  }

  private int[] sorted() {
    return charset.codePoints().sorted().toArray();
  }

  @Override
  public String toString() {
    return "Text(%d, %d, charset=%s)".formatted(minLength, maxLength, shown(charset));
  }
}
