package io.gymbridge.core;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A disjoint union: one of several spaces at a time.
 *
 * @param spaces the alternatives, at least one; a choice is an index into this list
 */
public record OneOf(List<Space> spaces) implements Space {
  public OneOf {
    spaces = List.copyOf(spaces);
    if (spaces.isEmpty()) {
      throw new IllegalArgumentException("a OneOf space wants at least one alternative");
    }
  }

  @Override
  public @Nullable String whyNot(Value value) {
    if (!(value instanceof OneOfValue member)) {
      return "got a %s, expected one of %s".formatted(value.getClass().getSimpleName(), this);
    }
    if (member.choice() < 0 || member.choice() >= spaces.size()) {
      return "got the choice %d of %d".formatted(member.choice(), spaces.size());
    }
    String mismatch = spaces.get(member.choice()).whyNot(member.value());
    return mismatch == null ? null : "choice " + member.choice() + ": " + mismatch;
  }

  /** Of an alternative drawn uniformly. */
  @Override
  public OneOfValue sample(RandomGenerator random, Mask mask) {
    int choice = random.nextInt(spaces.size());
    Mask part = Products.part(mask, choice, spaces.size(), this);
    return new OneOfValue(choice, spaces.get(choice).sample(random, part));
  }

  @Override
  public OneOfBatch emptyBatch() {
    return OneOfBatch.of(List.of());
  }

  @Override
  public Tuple batch(int n) {
    return Products.copies(this, n);
  }

  @Override
  public boolean isFlattenable() {
    return Products.areFlattenable(spaces);
  }

  @Override
  public int flatSize() {
    return Math.addExact(1, spaces.stream().mapToInt(Space::flatSize).max().orElseThrow());
  }

  /** The choice, and the range of all alternatives' components. */
  @Override
  public Box flatSpace() {
    if (!isFlattenable()) {
      throw Products.notFlattenable(this);
    }
    List<Box> boxes = spaces.stream().map(space -> (Box) space.flatSpace()).toList();
    DType dtype = flatType();
    NdArray lows = Products.join(boxes.stream().map(Box::low).toList()).cast(dtype);
    NdArray highs = Products.join(boxes.stream().map(Box::high).toList()).cast(dtype);
    NdArray low = NdArray.ofLongs(dtype, new long[] {0}, 1);
    NdArray high = NdArray.ofLongs(dtype, new long[] {spaces.size() - 1}, 1);
    int size = flatSize() - 1;
    if (size == 0) {
      return new Box(low, high);
    }
    return new Box(
        NdArray.concatenate(List.of(low, least(lows, 1).repeat(size))),
        NdArray.concatenate(List.of(high, least(highs, -1).repeat(size))));
  }

  /** The least (or with a sign of −1, the greatest) element, as a scalar. */
  private static NdArray least(NdArray elements, int sign) {
    DType dtype = elements.dtype();
    int best =
        IntStream.range(0, elements.size())
            .boxed()
            .min(
                (a, b) ->
                    sign
                        * (dtype.isFloating()
                            ? Double.compare(elements.getDouble(a), elements.getDouble(b))
                            : dtype.compare(elements.getLong(a), elements.getLong(b))))
            .orElseThrow();
    return elements.row(best);
  }

  /** A type that holds all alternatives' flattened members, and the choice. */
  private DType flatType() {
    DType dtype =
        DType.promote(spaces.stream().map(space -> ((Box) space.flatSpace()).dtype()).toList());
    int greatest = spaces.size() - 1;
    if (dtype.isFloating() || dtype.compare(greatest, dtype.greatest()) <= 0) {
      return dtype;
    }
    DType choice =
        greatest <= DType.UINT8.greatest()
            ? DType.UINT8
            : greatest <= DType.UINT16.greatest() ? DType.UINT16 : DType.UINT32;
    return DType.promote(Arrays.asList(dtype, choice));
  }

  /**
   * The choice, then the alternative's flattened member, filled up with its own first component.
   */
  @Override
  public NdArray flatten(Value member) {
    if (!(member instanceof OneOfValue value)
        || value.choice() < 0
        || value.choice() >= spaces.size()) {
      throw Products.unexpected(member, this);
    }
    int size = flatSize() - 1;
    DType dtype = flatType();
    NdArray flat = spaces.get(value.choice()).flatten(value.value()).array().cast(dtype);
    NdArray choice = NdArray.ofLongs(dtype, new long[] {value.choice()}, 1);
    NdArray fill = flat.size() == 0 ? NdArray.ofLongs(dtype, new long[1]) : flat.row(0);
    return NdArray.concatenate(List.of(choice, flat, fill.repeat(size - flat.size())));
  }

  @Override
  public OneOfValue unflatten(Value flat) {
    NdArray vector = Leaves.flat(flat, flatSize(), this);
    long choice = vector.getLong(0);
    if (choice < 0 || choice >= spaces.size()) {
      throw Products.unexpected(flat, this);
    }
    Space space = spaces.get((int) choice);
    return new OneOfValue((int) choice, space.unflatten(vector.slice(1, space.flatSize())));
  }

  @Override
  public String toString() {
    return "OneOf(" + Products.describe(spaces) + ")";
  }
}
