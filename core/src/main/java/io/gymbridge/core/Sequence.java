package io.gymbridge.core;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Finite sequences of members of one space, of any length.
 *
 * @param element the space of the elements
 * @param stacked true: a user in Python sees one batched value of the element space; false: a tuple
 *     of values. Here it makes no difference: a {@link SequenceValue} always holds a batch
 */
public record Sequence(Space element, boolean stacked) implements Space {
  /** Gymnasium's, an arbitrary choice. */
  private static final double STOP = 0.25;

  /** Sequences that are not stacked. */
  public Sequence(Space element) {
    this(element, false);
  }

  @Override
  public @Nullable String whyNot(Value value) {
    if (!(value instanceof SequenceValue sequence)) {
      return "got a %s, expected one of %s".formatted(value.getClass().getSimpleName(), this);
    }
    return whyNotAll(element, sequence.elements(), "element");
  }

  /** What keeps a batch of values out of a space, naming the first that does. */
  static @Nullable String whyNotAll(Space space, Value batch, String what) {
    if (batch.batchSize() == 0 && !batch.equals(space.emptyBatch())) {
      return "got no %ss, in %s, expected them in %s".formatted(what, batch, space.emptyBatch());
    }
    for (int i = 0; i < batch.batchSize(); i++) {
      String mismatch = space.whyNot(batch.row(i));
      if (mismatch != null) {
        return what + " " + i + ": " + mismatch;
      }
    }
    return null;
  }

  /** Of a length from a geometric distribution, 4 on average and at least 1. */
  @Override
  public SequenceValue sample(RandomGenerator random, Mask mask) {
    int length = Draws.geometric(random, STOP);
    Mask each = Mask.none();
    if (mask instanceof Mask.Sequence given) {
      each = given.element();
      if (given.lengths().stream().anyMatch(some -> some < 0)) {
        throw mask.refusal(this, "lengths of at least 0");
      }
      if (!given.lengths().isEmpty()) {
        length = given.lengths().get(random.nextInt(given.lengths().size()));
      }
    } else if (!(mask instanceof Mask.None)) {
      throw mask.refusal(this, "Mask.Sequence");
    }
    List<Value> elements = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      elements.add(element.sample(random, each));
    }
    return new SequenceValue(element.stack(elements));
  }

  @Override
  public SequenceBatch emptyBatch() {
    return new SequenceBatch(Offsets.ofLengths(), element.emptyBatch());
  }

  @Override
  public Tuple batch(int n) {
    return Products.copies(this, n);
  }

  @Override
  public boolean isFlattenable() {
    return false;
  }

  @Override
  public int flatSize() {
    throw Products.notFlattenable(this);
  }

  @Override
  public Sequence flatSpace() {
    return new Sequence(element.flatSpace(), stacked);
  }

  @Override
  public SequenceValue flatten(Value member) {
    return new SequenceValue(mapped(elements(member), element::flatten, element.flatSpace()));
  }

  @Override
  public SequenceValue unflatten(Value flat) {
    return new SequenceValue(mapped(elements(flat), element::unflatten, element));
  }

  /** A batch of what a function makes of each value of a batch, in another space. */
  static Value mapped(Value batch, UnaryOperator<Value> function, Space to) {
    List<Value> mapped = new ArrayList<>();
    for (int i = 0; i < batch.batchSize(); i++) {
      mapped.add(function.apply(batch.row(i)));
    }
    return to.stack(mapped);
  }

  private Value elements(Value value) {
    if (value instanceof SequenceValue sequence) {
      return sequence.elements();
    }
    throw Products.unexpected(value, this);
  }

  @Override
  public String toString() {
    return "Sequence(%s, stack=%s)".formatted(element, stacked);
  }
}
