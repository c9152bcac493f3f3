package io.gymbridge.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** What the spaces made of others share. */
final class Products {
  private Products() {}

  static boolean areFlattenable(Collection<Space> parts) {
    return parts.stream().allMatch(Space::isFlattenable);
  }

  static int flatSize(Collection<Space> parts) {
    return parts.stream().mapToInt(Space::flatSize).reduce(0, Math::addExact);
  }

  /** The box of the parts' flattened members, one after the other. */
  static Box flatSpace(Collection<Space> parts) {
    List<Box> boxes = parts.stream().map(part -> (Box) part.flatSpace()).toList();
    return new Box(
        join(boxes.stream().map(Box::low).toList()), join(boxes.stream().map(Box::high).toList()));
  }

  /** Joins vectors, in the type that holds them all; none of them to a vector of no numbers. */
  static NdArray join(List<? extends Value> vectors) {
    if (vectors.isEmpty()) {
      return NdArray.empty(DType.FLOAT32);
    }
    DType dtype = DType.promote(vectors.stream().map(vector -> vector.array().dtype()).toList());
    return NdArray.concatenate(vectors.stream().map(vector -> vector.array().cast(dtype)).toList());
  }

  /** Undoes {@link #join}. */
  static List<Value> split(Value flat, Collection<Space> parts, Space whole) {
    NdArray vector = Leaves.flat(flat, whole.flatSize(), whole);
    List<Value> split = new ArrayList<>();
    int first = 0;
    for (Space part : parts) {
      split.add(vector.slice(first, part.flatSize()));
      first += part.flatSize();
    }
    return split;
  }

  /** The batched space of a kind whose members vary in size. */
  static Tuple copies(Space space, int n) {
    return new Tuple(Collections.nCopies(Leaves.checkBatch(n), space));
  }

  /** The mask for part {@code index} of {@code size}. */
  static Mask part(Mask mask, int index, int size, Space whole) {
    if (mask instanceof Mask.None) {
      return mask;
    }
    if (!(mask instanceof Mask.Parts parts) || parts.parts().size() != size) {
      throw mask.refusal(whole, "Mask.Parts of %d masks".formatted(size));
    }
    return parts.parts().get(index);
  }

  static String describe(List<Space> parts) {
    return parts.stream().map(Space::toString).collect(Collectors.joining(", "));
  }

  static IllegalArgumentException notFlattenable(Space space) {
    return new IllegalArgumentException(
        "members of %s vary in size: they do not flatten to a Box".formatted(space));
  }

  static IllegalArgumentException unexpected(Value value, Space space) {
    return new IllegalArgumentException("got %s for %s".formatted(value, space));
  }
}
