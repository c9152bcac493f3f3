/**
 * Environments written in Java, one class each, with the ids, specs, numbers and seeds of
 * Gymnasium's, and a few worlds of our own.
 *
 * <p>{@link io.gymbridge.envs.Envs} lists and makes them; {@code docs/java-environments.md} says
 * what is equal to Gymnasium and how to add one.
 */
@NullMarked
package io.gymbridge.envs;

import org.jspecify.annotations.NullMarked;
