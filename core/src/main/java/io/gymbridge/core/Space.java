package io.gymbridge.core;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A set of values, with Gymnasium's kinds and names. Immutable. */
public sealed interface Space permits Box, Discrete, MultiDiscrete, MultiBinary, Tuple, Dict {

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

  /**
   * A random member: uniform where bounded; where unbounded on one side, exponential from the
   * bound; on both, standard normal, as Gymnasium draws. The generator decides, not the space.
   */
  Value sample(RandomGenerator random);

  /**
   * Number of components of a member when it is flattened as {@code gymnasium.spaces.flatdim}
   * counts: a {@link Discrete} is one-hot.
   */
  int flatSize();
}
