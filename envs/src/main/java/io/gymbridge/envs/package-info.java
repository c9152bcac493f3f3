/**
 * Environments written in Java, one class each, with the ids, specs and numbers of Gymnasium's.
 *
 * <p>{@link io.gymbridge.envs.Envs} lists and makes them. Seeds draw other numbers than NumPy's:
 * the same seed begins another episode here than in Gymnasium.
 */
@NullMarked
package io.gymbridge.envs;

import org.jspecify.annotations.NullMarked;
