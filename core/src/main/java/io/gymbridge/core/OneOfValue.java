package io.gymbridge.core;

/**
 * An element of a {@link OneOf} space.
 *
 * @param choice index of the alternative
 * @param value a member of that alternative
 */
public record OneOfValue(int choice, Value value) implements Value {}
