package io.gymbridge.core;

import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A set of values, with Gymnasium's ten kinds and their names. Immutable. */
public sealed interface Space
    permits Box, Discrete, MultiDiscrete, MultiBinary, Text, Tuple, Dict, Sequence, Graph, OneOf {

  /**
   * Whether a single value lies in the space: right type, right shape, within the bounds, no NaN.
   */
  default boolean contains(Value value) {
    return whyNot(value) == null;
  }

  /**
   * What keeps a single value out of the space, as a sentence fragment that says what was got and
   * what was expected; null for a member.
   */
  @Nullable String whyNot(Value value);

  /** A random member, as Gymnasium draws it. The generator decides, not the space. */
  default Value sample(RandomGenerator random) {
    return sample(random, Mask.none());
  }

  /**
   * A random member among those that a mask leaves.
   *
   * @throws IllegalArgumentException if the mask is not one for this space
   */
  Value sample(RandomGenerator random, Mask mask);

  /** A batch of members, in columns, also of none at all; see {@link Value#stack}. */
  default Value stack(List<? extends Value> members) {
    return members.isEmpty() ? emptyBatch() : Value.stack(members);
  }

  /** The batch of no members at all. */
  Value emptyBatch();

  /**
   * The space of n members side by side, as {@code gymnasium.vector.utils.batch_space} makes it: a
   * Box, a MultiDiscrete, a Tuple or Dict of them; for a Text, Sequence, Graph or OneOf a Tuple of
   * n copies, whose members are tuples (and not the columns of {@link #stack}).
   *
   * @throws IllegalArgumentException if n is below 1
   */
  Space batch(int n);

  /**
   * Whether members flatten to plain vectors: all do but those with a Sequence or Graph in them.
   */
  boolean isFlattenable();

  /**
   * Number of components of a flattened member, as {@code gymnasium.spaces.flatdim} counts: a
   * {@link Discrete} is one-hot.
   *
   * @throws IllegalArgumentException if the space is not flattenable
   */
  int flatSize();

  /**
   * The space of flattened members, {@code gymnasium.spaces.flatten_space}: a Box of one dimension
   * where the space is flattenable, else the same kind of space with its parts flattened. In it an
   * integer component without a bound has its type's extreme.
   */
  Space flatSpace();

  /**
   * A member as {@code gymnasium.spaces.flatten} gives it: a vector where the space is flattenable,
   * else the same kind of value with its parts flattened. Bounds are not checked.
   *
   * @throws IllegalArgumentException if the value has not the structure of a member
   */
  Value flatten(Value member);

  /**
   * Undoes {@link #flatten}.
   *
   * @throws IllegalArgumentException if the value is no flattened member
   */
  Value unflatten(Value flat);
}
